package lab

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Release is what a server's program says that it is.
type Release struct {
	MariaDB             bool
	Major, Minor, Patch int
}

func (r Release) String() string {
	family := "MySQL"
	if r.MariaDB {
		family = "MariaDB"
	}
	return fmt.Sprintf("%s %d.%d.%d", family, r.Major, r.Minor, r.Patch)
}

// MySQL tells whether it is MySQL, of this version or a newer one.
func (r Release) MySQL(major, minor, patch int) bool {
	return !r.MariaDB && r.since(major, minor, patch)
}

// SinceMariaDB tells whether it is MariaDB, of this version or a newer one.
func (r Release) SinceMariaDB(major, minor, patch int) bool {
	return r.MariaDB && r.since(major, minor, patch)
}

func (r Release) since(major, minor, patch int) bool {
	if r.Major != major {
		return r.Major > major
	}
	if r.Minor != minor {
		return r.Minor > minor
	}
	return r.Patch >= patch
}

// askRelease lets a program say its version.
func askRelease(ctx context.Context, server string) (Release, error) {
	said, err := exec.CommandContext(ctx, server, "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return Release{}, fmt.Errorf("lab: ask %s for its version: %w: %s", server, err, lastLines(string(said), 5))
	}
	r, ok := parseRelease(string(said))
	if !ok {
		return r, fmt.Errorf("lab: %s does not tell its version: %s", server, lastLines(string(said), 5))
	}
	return r, nil
}

func parseRelease(said string) (Release, bool) {
	number := regexp.MustCompile(` Ver (\d+)\.(\d+)\.(\d+)(\S*)`).FindStringSubmatch(said)
	if number == nil {
		return Release{}, false
	}
	r := Release{MariaDB: strings.Contains(number[4], "MariaDB")}
	for i, part := range []*int{&r.Major, &r.Minor, &r.Patch} {
		*part, _ = strconv.Atoi(number[i+1])
	}
	return r, true
}
