"""The publications that methods are after."""

from bolus.data import Citation

OSTERGAARD = Citation(
    "Østergaard L, Weisskoff RM, Chesler DA, Gyldensted C, Rosen BR. High resolution "
    "measurement of cerebral blood flow using intravascular tracer bolus passages. Part I: "
    "Mathematical approach and statistical analysis. Magn Reson Med 1996;36:715–725.",
    "Magn Reson Med 1996;36:715",
)
WU = Citation(
    "Wu O, Østergaard L, Weisskoff RM, Benner T, Rosen BR, Sorensen AG. Tracer "
    "arrival timing-insensitive technique for estimating flow in MR perfusion-weighted imaging "
    "using singular value decomposition with a block-circulant deconvolution matrix. Magn Reson "
    "Med 2003;50:164–174.",
    "Magn Reson Med 2003;50:164",
)
CALAMANTE = Citation(
    "Calamante F, Gadian DG, Connelly A. Quantification of bolus-tracking MRI: "
    "improved characterization of the tissue residue function using Tikhonov regularization. Magn "
    "Reson Med 2003;50:1237–1247.",
    "Magn Reson Med 2003;50:1237",
)
MOURIDSEN = Citation(
    "Mouridsen K, Friston K, Hjort N, Gyldensted L, Østergaard L, Kiebel S. Bayesian "
    "estimation of cerebral perfusion using a physiological model of microvasculature. NeuroImage "
    "2006;33:570–579.",
    "NeuroImage 2006;33:570",
)
BOUTELIER = Citation(
    "Boutelier T, Kudo K, Pautot F, Sasaki M. Bayesian hemodynamic parameter "
    "estimation by bolus tracking perfusion weighted imaging. IEEE Trans Med Imaging "
    "2012;31:1381–1395.",
    "IEEE Trans Med Imaging 2012;31:1381",
)
BOVY = Citation(
    "Bovy J, Hogg DW, Roweis ST. Extreme deconvolution: inferring complete distribution functions "
    "from noisy, heterogeneous and incomplete observations. Ann Appl Stat 2011;5:1657–1677.",
    "Ann Appl Stat 2011;5:1657",
)
PHAE = Citation(
    "Physics-informed autoencoder for DSC-MRI perfusion post-processing: application to "
    "glioma grading. arXiv:2510.13886, 2025.",
    "arXiv:2510.13886",
)
HO = Citation(
    "Ho KC, Scalzo F, Sarma KV, El-Saden S, Arnold CW. A temporal deep learning approach for MR "
    "perfusion parameter estimation in stroke. Proc 23rd Int Conf Pattern Recognition (ICPR) "
    "2016:1315–1320.",
    "Proc ICPR 2016:1315",
)
KOSSEN = Citation(
    "Kossen T, Madai VI, Mutke MA, et al. Image-to-image generative adversarial networks for "
    "synthesizing perfusion parameter maps from DSC-MR images in cerebrovascular disease. Front "
    "Neurol 2023;13:1051397.",
    "Front Neurol 2023;13:1051397",
)
TALEBI = Citation(
    "Talebi S, Gai S, Sossin A, Zhu V, Tong E, Mofrad MRK. Deep learning for perfusion cerebral "
    "blood flow (CBF) and volume (CBV) predictions and diagnostics. Ann Biomed Eng 2024. "
    "doi:10.1007/s10439-024-03471-7.",
    "doi:10.1007/s10439-024-03471-7",
)
