package lab

// isMixed tells whether the servers are not all of the same version.
func (l *Lab) isMixed() bool {
	for _, s := range l.Servers {
		if s.Programs.Release != l.Primary().Programs.Release {
			return true
		}
	}
	return false
}

// hasOldOnes tells whether there are servers that do not know the passwords and the collations of MySQL 8.
func (l *Lab) hasOldOnes() bool {
	for _, s := range l.Servers {
		if !s.Programs.Release.MySQL(8, 0, 4) {
			return true
		}
	}
	return false
}

// settings are those that a server needs for the sake of the others.
func (l *Lab) settings(s Server) []string {
	if !s.Programs.Release.MySQL(8, 0, 0) || !l.isMixed() {
		return nil
	}
	lines := []string{"gtid_mode = OFF"} // which is ON by itself in the newest
	if l.hasOldOnes() {
		lines = append(lines, "character_set_server = utf8mb4", "collation_server = utf8mb4_general_ci")
	}
	return lines
}

func (l *Lab) checkPairs() error { return nil }
