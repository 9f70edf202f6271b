package fileset

// LookScript is the script of [Look].
const LookScript = lookScript
