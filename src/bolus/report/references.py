"""What a report cites, by the name its sentences use."""

REFERENCES = {
    "svd": "Østergaard L, Weisskoff RM, Chesler DA, Gyldensted C, Rosen BR. High resolution "
    "measurement of cerebral blood flow using intravascular tracer bolus passages. Part I: "
    "Mathematical approach and statistical analysis. Magn Reson Med 1996;36:715–725.",
    "circulant": "Wu O, Østergaard L, Weisskoff RM, Benner T, Rosen BR, Sorensen AG. Tracer "
    "arrival timing-insensitive technique for estimating flow in MR perfusion-weighted imaging "
    "using singular value decomposition with a block-circulant deconvolution matrix. Magn Reson "
    "Med 2003;50:164–174.",
    "tikhonov": "Calamante F, Gadian DG, Connelly A. Quantification of bolus-tracking MRI: "
    "improved characterization of the tissue residue function using Tikhonov regularization. Magn "
    "Reson Med 2003;50:1237–1247.",
    "aif": "Mouridsen K, Christensen S, Gyldensted L, Østergaard L. Automatic selection of "
    "arterial input function using cluster analysis. Magn Reson Med 2006;55:524–531.",
    "bayes": "Mouridsen K, Friston K, Hjort N, Gyldensted L, Østergaard L, Kiebel S. Bayesian "
    "estimation of cerebral perfusion using a physiological model of microvasculature. NeuroImage "
    "2006;33:570–579.",
    "boutelier": "Boutelier T, Kudo K, Pautot F, Sasaki M. Bayesian hemodynamic parameter "
    "estimation by bolus tracking perfusion weighted imaging. IEEE Trans Med Imaging "
    "2012;31:1381–1395.",
    "phae": "Physics-informed autoencoder for DSC-MRI perfusion post-processing: application to "
    "glioma grading. arXiv:2510.13886, 2025.",
    "registration": "Mattes D, Haynor DR, Vesselle H, Lewellen TK, Eubank W. PET-CT image "
    "registration in the chest using free-form deformations. IEEE Trans Med Imaging "
    "2003;22:120–128.",
    "motion": "Power JD, Barnes KA, Snyder AZ, Schlaggar BL, Petersen SE. Spurious but systematic "
    "correlations in functional connectivity MRI networks arise from subject motion. NeuroImage "
    "2012;59:2142–2154.",
}
