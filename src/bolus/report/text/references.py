"""What a report cites, by the name its sentences use."""

from bolus.estimators.papers import OSTERGAARD

REFERENCES = {
    "svd": OSTERGAARD.full,
    "aif": "Mouridsen K, Christensen S, Gyldensted L, Østergaard L. Automatic selection of "
    "arterial input function using cluster analysis. Magn Reson Med 2006;55:524–531.",
    "registration": "Mattes D, Haynor DR, Vesselle H, Lewellen TK, Eubank W. PET-CT image "
    "registration in the chest using free-form deformations. IEEE Trans Med Imaging "
    "2003;22:120–128.",
    "echoes": "Newbould RD, Skare ST, Jochimsen TH, et al. Perfusion mapping with multiecho "
    "multishot parallel imaging EPI. Magn Reson Med 2007;58:70–81.",
    "shrinkage": "Efron B, Morris C. Stein's estimation rule and its competitors: an empirical "
    "Bayes approach. J Am Stat Assoc 1973;68:117–130.",
    "motion": "Power JD, Barnes KA, Snyder AZ, Schlaggar BL, Petersen SE. Spurious but systematic "
    "correlations in functional connectivity MRI networks arise from subject motion. NeuroImage "
    "2012;59:2142–2154.",
}
