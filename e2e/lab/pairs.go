package lab

import "fmt"

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
func (l *Lab) settings(s Server) (lines []string) {
	r := s.Programs.Release
	if !l.isMixed() {
		return nil
	}
	if l.hasOldOnes() && r.MySQL(8, 0, 0) {
		lines = append(lines, "character_set_server = utf8mb4", "collation_server = utf8mb4_general_ci") // which all know
	}
	if r.SinceMariaDB(11, 5, 0) { // its own collations go into the binlog: MariaDB 10.5 stops there, and MySQL up to 8.0.15 skips the statement
		lines = append(lines, "character_set_collations =", "character_set_server = utf8mb4", "collation_server = utf8mb4_general_ci")
	}
	if r.MySQL(8, 0, 0) {
		lines = append(lines, "gtid_mode = OFF") // which is ON by itself in the newest
	}
	if l.hasOldOnes() && r.MySQL(8, 4, 0) && !r.MySQL(9, 0, 0) {
		lines = append(lines, "mysql_native_password = ON")
	}
	return lines
}

// checkPairs refuses what is known not to replicate.
func (l *Lab) checkPairs() error {
	for _, s := range l.Replicas() {
		source, err := l.Server(s.ReplicatesFrom)
		if err != nil {
			return err
		}
		if why := cannotReplicate(s.Programs, source.Programs.Release); why != "" {
			return fmt.Errorf("lab: %s, which is %s, cannot replicate from %s, which is %s: %s",
				s.Name, s.Programs.Release, source.Name, source.Programs.Release, why)
		}
	}
	return nil
}

// cannotReplicate says why a replica cannot follow a source. Tried: MySQL 8.0.33 and 9.7 cannot parse the row events of any MariaDB, where
// 8.0.15 can (since 8.0.31 by its notes).
func cannotReplicate(replica Programs, source Release) string {
	r := replica.Release
	switch {
	case source.MariaDB && r.MySQL(8, 0, 31):
		return "it cannot read the row events"
	case source.MySQL(9, 0, 0) && r.MariaDB && !replica.hasPlugin("caching_sha2_password"),
		source.MySQL(9, 0, 0) && !r.MariaDB && !r.MySQL(8, 0, 4):
		return "the source has no passwords that it could log in by"
	}
	return ""
}
