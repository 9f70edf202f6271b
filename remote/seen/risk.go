package seen

// Risk is that others than root and the user who works on a host could change a folder, or put another in its place.
type Risk struct {
	Why  string // each folder, and by whom
	Cure string // the commands that mend it
}
