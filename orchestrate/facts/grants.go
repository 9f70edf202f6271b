package facts

// Grants are what the administrator's session may do on a server, by the privileges of its account and of the roles that are in force.
type Grants struct {
	Given []Grant
	Taken []Grant // from what is given on all databases: partial revokes

	// Unread says that part of the server's answer was not understood: what Given lacks may be given all the same.
	Unread bool
}

// Grant is privileges at one level: on everything, on a database, or on a table.
type Grant struct {
	Database   string // a pattern as of LIKE; empty for all
	Table      string // empty for all of the database
	Privileges []string
}
