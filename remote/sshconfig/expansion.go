package sshconfig

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// expansion puts in what paths refer to. It keeps the first error.
type expansion struct {
	env    Env
	host   string
	tokens map[byte]string
	err    error
}

const defaultPort = 22

func newExpansion(env Env, alias string, o *options) *expansion {
	host := o.host(alias)
	if _, err := netip.ParseAddr(host); err != nil {
		host = strings.ToLower(host)
	}
	port := o.port()
	if port == 0 {
		port = defaultPort
	}
	short, _, _ := strings.Cut(env.Host, ".")
	return &expansion{env: env, host: host, tokens: map[byte]string{
		'%': "%", 'd': env.Home, 'h': host, 'i': env.UID, 'k': o.hostKeyAlias.orText(alias), 'L': short, 'l': env.Host, 'n': alias,
		'p': strconv.Itoa(port), 'r': o.user.orText(env.User), 'u': env.User,
	}}
}

// paths are absolute; "none" is left out, and of no value at all there is no list.
func (x *expansion) paths(all []value) []string {
	if all == nil {
		return nil
	}
	paths := []string{}
	for _, v := range all {
		if !strings.EqualFold(v.text, "none") {
			paths = append(paths, x.path(v.text))
		}
	}
	return paths
}

func (x *expansion) path(text string) string {
	path := x.percents(x.variables(x.tilde(text)))
	if filepath.IsAbs(path) || path == "" {
		return path
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		x.fail(err)
	}
	return absolute
}

// jumps are the hosts to go through; none at all is another answer than nothing.
func (x *expansion) jumps(all []string) []string {
	if all == nil {
		return nil
	}
	jumps := make([]string, len(all))
	for i, jump := range all {
		jumps[i] = x.percents(jump)
	}
	return jumps
}

// agent is the path of a socket, "none", or nothing: then what holds for all hosts holds.
func (x *expansion) agent(v value) string {
	switch {
	case !v.set || v.text == "SSH_AUTH_SOCK":
		return ""
	case strings.EqualFold(v.text, "none"):
		return "none"
	case strings.HasPrefix(v.text, "$") && !strings.HasPrefix(v.text, "${"):
		if socket := x.env.Getenv(v.text[1:]); socket != "" {
			return socket
		}
		return "none"
	}
	return x.path(v.text)
}

func (x *expansion) tilde(text string) string {
	switch {
	case text == "~":
		return x.env.Home
	case strings.HasPrefix(text, "~/"):
		return x.env.Home + text[1:]
	case strings.HasPrefix(text, "~"):
		x.fail(fmt.Errorf("%s: ~ with a name is not expanded, write the whole path", text))
	}
	return text
}

// variables puts in ${NAME}.
func (x *expansion) variables(text string) string {
	var all strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${")
		all.WriteString(before)
		if !ok {
			return all.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		content := x.env.Getenv(name)
		if !closed || content == "" {
			x.fail(fmt.Errorf("%s: the variable %s is not set", text, name))
		}
		all.WriteString(content)
		text = after
	}
}

// percents puts in %h and the like.
func (x *expansion) percents(text string) string {
	var all strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			all.WriteByte(text[i])
			continue
		}
		if i++; i == len(text) {
			x.fail(fmt.Errorf("%s ends in a %% that stands for nothing", text))
			break
		}
		content, ok := x.tokens[text[i]]
		if !ok {
			x.fail(fmt.Errorf("%s: %%%c is not known here", text, text[i]))
		}
		all.WriteString(content)
	}
	return all.String()
}

func (x *expansion) fail(err error) {
	if x.err == nil {
		x.err = fmt.Errorf("ssh_config: %w", err)
	}
}
