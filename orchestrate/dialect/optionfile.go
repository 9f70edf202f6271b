package dialect

import "fmt"

const optionFileHeader = `# Written by replssl, which overwrites it: the TLS settings of this server.
# Only [mysqld]: a [client] group would make every local client check certificates too.
`

// OptionFile is the text of an option file that gives the server its TLS files, and nothing else. Refused are paths that are
// empty, not absolute, longer than 511 bytes, or with control characters, quotes or backslashes.
func (Dialect) OptionFile(ca, cert, key string) (string, error) {
	text := optionFileHeader + "[mysqld]\n"
	for _, o := range []struct{ name, path string }{{"ssl_ca", ca}, {"ssl_cert", cert}, {"ssl_key", key}} {
		if err := pathOption(o.path); err != nil {
			return "", fmt.Errorf("%s = %q: %w", o.name, o.path, err)
		}
		if o.path == "" {
			return "", fmt.Errorf("%s: %w", o.name, errRelative)
		}
		// In quotes, since a # would begin a comment and spaces at the end would be lost.
		text += fmt.Sprintf("%s = \"%s\"\n", o.name, o.path)
	}
	return text, nil
}
