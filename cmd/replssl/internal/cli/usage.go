package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// misuse is a command line that is none, with the command whose help tells how it is called.
func misuse(cmd *cobra.Command, format string, args ...any) error {
	return &codeError{code: exitError, text: fmt.Sprintf(format, args...), hint: howTo(cmd)}
}

func howTo(cmd *cobra.Command) string { return cmd.CommandPath() + " --help tells how it is called" }

// flagMisuse says of a flag's value what would be right.
func flagMisuse(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return misuse(cmd, "%v", err)
	}
	wants := map[string]string{
		"duration": "a length of time with its unit, as in 30s or 5m", "int": "a whole number", "bool": "true or false",
		"stringToString": "NAME=VALUE", "age": "a length of time with its unit, as in 30d or 12h",
	}
	want, ok := wants[invalid.GetFlag().Value.Type()]
	if !ok {
		return misuse(cmd, "%v", err)
	}
	return misuse(cmd, "--%s is %q; it must be %s", invalid.GetFlag().Name, invalid.GetValue(), want)
}

// noArgs refuses every argument.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return misuse(cmd, "%s takes no argument, and %q was given", cmd.CommandPath(), args[0])
}

// theseArgs wants as many arguments as there are names.
func theseArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return misuse(cmd, "%s takes %s, and %d were given", cmd.CommandPath(), strings.Join(names, " and "), len(args))
	}
}

// oneOf wants one argument, of a few.
func oneOf(words ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && slices.Contains(words, args[0]) {
			return nil
		}
		given := "nothing"
		if len(args) > 0 {
			given = strings.Join(args, " ")
		}
		return misuse(cmd, "%s takes one of %s, and %s was given", cmd.CommandPath(), strings.Join(words, ", "), given)
	}
}

// isMisuse is true of what the library itself finds wrong with a command line.
func isMisuse(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "unknown command ") || strings.HasPrefix(text, "required flag(s) ")
}
