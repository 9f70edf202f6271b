// Command man writes the manual pages of replssl, one a command, from the commands themselves.
//
// It is no part of replssl, which would carry a Markdown parser to every machine for it.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/replssl/replssl/cmd/replssl/internal/cli"
)

func main() {
	if err := run(os.Args[1:], os.Getenv, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

const epoch = "SOURCE_DATE_EPOCH"

// run writes the pages. Their date is told by the environment, so that the same source gives the same pages at any time.
func run(args []string, getenv func(string) string, stderr io.Writer) error {
	flags := flag.NewFlagSet("man", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("dir", "", "folder of the pages")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("--dir names the folder of the pages")
	}
	date, err := sourceDate(getenv(epoch))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	return write(cli.Root(cli.World{Getenv: getenv}), *dir, date)
}

func sourceDate(seconds string) (time.Time, error) {
	const wanted = "the date of the source in seconds since 1970, as \"git log -1 --format=%ct\" prints it; \"make man\" gives it"
	if seconds == "" {
		return time.Time{}, fmt.Errorf("%s is not set; it must be %s", epoch, wanted)
	}
	since1970, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is %q; it must be %s", epoch, seconds, wanted)
	}
	return time.Unix(since1970, 0).UTC(), nil
}

// write writes the page of a command, and those of its subcommands.
func write(cmd *cobra.Command, dir string, date time.Time) error {
	for _, sub := range cmd.Commands() {
		if err := write(sub, dir, date); err != nil {
			return err
		}
	}
	nameValues(cmd)
	cmd.DisableAutoGenTag = true // it would say what made the page, and when
	var page bytes.Buffer
	if err := doc.GenMan(cmd, &doc.GenManHeader{Section: "1", Date: &date, Source: "replssl", Manual: "replssl manual"}, &page); err != nil {
		return err
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	return os.WriteFile(filepath.Join(dir, name), []byte(polish(page.String(), date)), 0o644)
}

// nameValues makes the page of a command tell of each flag what help tells: the name of its value beside it, and the default at the end.
func nameValues(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		if value == "" { // a switch
			return
		}
		if f.DefValue != "" && f.DefValue != "[]" {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		f.Value, f.Usage, f.DefValue = unquoted{f.Value}, usage, "*"+value+"*"
	})
}

// unquoted is a value that the library does not put into quotes, as it does those of type string.
type unquoted struct{ pflag.Value }

func (unquoted) Type() string { return "name" }

// polish mends what mandoc warns of in the library's pages, and leaves out that a switch is off unless it is given.
func polish(page string, date time.Time) string {
	page = strings.Replace(page, date.Format(`"Jan 2006"`), date.Format(`"2006-01-02"`), 1)
	page = regexp.MustCompile(`\n(?:\.PP\n)?(\\fB-.*)\n\t`).ReplaceAllString(page, "\n.TP\n$1\n")
	return strings.ReplaceAll(page, "[=false]\n", "\n")
}
