package dialect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// The prefix that MariaDB puts before its version in the handshake, so that old MySQL replicas accept it.
const handshakePrefix = "5.5.5-"

// Numbers of at most six digits: a longer one is no version.
var numbers = regexp.MustCompile(`^(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?:[^\d.]|\.\D|$)`)

// ParseVersion reads VERSION() and @@version_comment. MariaDB and Percona Server are known by name only, never by number:
// MySQL too has passed 10. It fails when the version does not begin with two or three numbers.
func ParseVersion(version, comment string) (facts.Version, error) {
	v := facts.Version{Flavour: flavour(version, comment), Text: version}
	found := numbers.FindStringSubmatch(withoutPrefix(version, v.Flavour))
	if found == nil {
		return facts.Version{}, fmt.Errorf("%q is not the version of a MySQL or MariaDB server", version)
	}
	v.Major, v.Minor, v.Patch = number(found[1]), number(found[2]), number(found[3])
	return v, nil
}

func withoutPrefix(version string, f facts.Flavour) string {
	rest, ok := strings.CutPrefix(version, handshakePrefix)
	if ok && f == facts.MariaDB && numbers.MatchString(rest) {
		return rest
	}
	return version
}

func flavour(version, comment string) facts.Flavour {
	switch {
	case containsFold(version, "mariadb"), containsFold(comment, "mariadb"):
		return facts.MariaDB
	case containsFold(comment, "percona"):
		return facts.Percona
	}
	return facts.MySQL
}

func containsFold(s, word string) bool { return strings.Contains(strings.ToLower(s), word) }

// number reads digits that a pattern has already found to be few; none is 0.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
