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
PWS = Citation(
    "Fernández-Rodicio S, Ferro-Costas G, Sampedro-Viana A, Bazarra-Barreiros M, Ferreirós A, "
    "López-Arias E, Pérez-Mato M, Ouro A, Pumar JM, Mosqueira AJ, Alonso-Alonso ML, Castillo J, "
    "Hervella P, Iglesias-Rey R. Perfusion-weighted software written in Python for DSC-MRI "
    "analysis. Front Neuroinform 2023;17:1202156.",
    "Front Neuroinform 2023;17:1202156",
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
MOURIDSEN_CTH = Citation(
    "Mouridsen K, Hansen MB, Østergaard L, Jespersen SN. Reliable estimation of capillary transit "
    "time distributions using DSC-MRI. J Cereb Blood Flow Metab 2014;34:1511–1521.",
    "J Cereb Blood Flow Metab 2014;34:1511",
)
JESPERSEN = Citation(
    "Jespersen SN, Østergaard L. The roles of cerebral blood flow, capillary transit time "
    "heterogeneity, and oxygen tension in brain oxygenation and metabolism. J Cereb Blood Flow "
    "Metab 2012;32:264–277.",
    "J Cereb Blood Flow Metab 2012;32:264",
)
MEHNDIRATTA = Citation(
    "Mehndiratta A, MacIntosh BJ, Crane DE, Payne SJ, Chappell MA. A control point interpolation "
    "method for the non-parametric quantification of cerebral haemodynamics from dynamic "
    "susceptibility contrast MRI. NeuroImage 2013;64:560–570.",
    "NeuroImage 2013;64:560",
)
MEHNDIRATTA_DISPERSION = Citation(
    "Mehndiratta A, Calamante F, MacIntosh BJ, Crane DE, Payne SJ, Chappell MA. Modeling and "
    "correction of bolus dispersion effects in dynamic susceptibility contrast MRI. Magn Reson "
    "Med 2014;72:1762–1774.",
    "Magn Reson Med 2014;72:1762",
)
ASADUDDIN = Citation(
    "Asaduddin M, Kim EY, Park SH. SPINNED: simulation-based physics-informed neural network for "
    "deconvolution of dynamic susceptibility contrast MRI perfusion data. Magn Reson Med "
    "2024;92:1205–1218.",
    "Magn Reson Med 2024;92:1205",
)
ROTKOPF = Citation(
    "Rotkopf LT, Ziener CH, von Knebel-Doeberitz N, et al. A physics-informed deep learning "
    "framework for dynamic susceptibility contrast perfusion MRI. Med Phys 2024, September.",
    "Med Phys 2024, September",
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
