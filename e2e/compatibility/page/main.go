// Command page writes docs/compatibility.md from kept trials: page DIR FILE SCENARIOS, where SCENARIOS has the names of all scenarios in their
// order, one a line.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/replssl/replssl/e2e/compatibility"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: page DIR FILE SCENARIOS")
		os.Exit(1)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir, file, scenarios string) error {
	trials, err := compatibility.Kept(dir)
	if err != nil {
		return err
	}
	names, err := os.ReadFile(scenarios) //nolint:gosec // it is named by who runs this
	if err != nil {
		return err
	}
	text, err := compatibility.Page(trials, strings.Split(strings.TrimSpace(string(names)), "\n"))
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // a page is for everybody
}
