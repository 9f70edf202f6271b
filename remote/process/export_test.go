package process

// LookScript is what [LookPIDFile] runs.
const LookScript = lookScript
