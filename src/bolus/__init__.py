"""bolus: perfusion maps from dynamic susceptibility contrast MRI.

Research software, not a medical device.
"""
