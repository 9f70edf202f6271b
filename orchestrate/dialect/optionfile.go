package dialect

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/replssl/replssl/orchestrate/facts"
)

const optionFileHeader = `# Written by replssl, which overwrites it: the TLS settings of this server.
# Only [%[1]s]: a [client] group would make every local client check certificates too.
[%[1]s]
`

// OptionFile is the text of an option file that gives the server its TLS files, and nothing else; without a CRL where the path is empty. The suffix is that of
// --defaults-group-suffix, empty for none: of servers that read the same file, the group is read by those alone that were started with it
// (tried on MariaDB 10.11). Refused are paths that are empty, not absolute, longer than 511 bytes, or with control characters, quotes or
// backslashes, and a suffix that no group can have.
func (Dialect) OptionFile(groupSuffix string, files facts.TLSSettings) (string, error) {
	if strings.Contains(groupSuffix, "]") || strings.ContainsFunc(groupSuffix, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", fmt.Errorf("the suffix %q of --defaults-group-suffix: %w", groupSuffix, errNoGroup)
	}
	text := fmt.Sprintf(optionFileHeader, "mysqld"+groupSuffix)
	for _, path := range files.Paths() {
		if err := pathOption(path.Value); err != nil {
			return "", fmt.Errorf("%s = %q: %w", path.Name, path.Value, err)
		}
		switch {
		case path.Value != "":
			// In quotes, since a # would begin a comment and spaces at the end would be lost.
			text += fmt.Sprintf("%s = \"%s\"\n", path.Name, path.Value)
		case path.Name != "ssl_crl":
			return "", fmt.Errorf("%s: %w", path.Name, errRelative)
		}
	}
	return text, nil
}

var errNoGroup = errors.New("no group of an option file can end with it")
