package dialect

// InstalledPlugins asks for the plugins that run and that the server loads from its data folder, as NAME=LIBRARY: those that INSTALL SONAME
// or INSTALL PLUGIN put there (tried on MariaDB 10.11). It needs SELECT on mysql.plugin.
func (Dialect) InstalledPlugins() Query[[]string] {
	return Query[[]string]{
		ask: Statement{"SELECT p.name AS name, p.dl AS dl FROM mysql.plugin p JOIN information_schema.PLUGINS i" +
			" ON LOWER(i.PLUGIN_NAME) = LOWER(p.name) WHERE i.PLUGIN_STATUS = 'ACTIVE' ORDER BY p.name"},
		read: each(func(s *scan) string { return s.text("name") + "=" + s.text("dl") }),
	}
}
