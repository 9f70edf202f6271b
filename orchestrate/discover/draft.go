package discover

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/templates"
)

// Draft is an inventory to be written: what was found, and the ways that a person has told.
type Draft struct {
	Found

	By         string // the command that wrote it
	Hosts      string // another tool's list of hosts
	SSHUser    string
	Identity   string
	KnownHosts string
	Jump       string
	Sudo       bool
	Admin      string // the account that replssl logs in with; empty: root
}

const textTemplate = "inventory.yaml.tmpl"

// Text is the inventory: what differs from the defaults stands in it, the rest as comments. It is the same for the same draft.
func (d Draft) Text(texts templates.Texts) (string, error) {
	fields := struct {
		Draft
		Primary  string
		Replicas []string
		Servers  []serverText
		Missing  string
	}{Draft: d, Missing: OnlyConnected}
	for i, s := range d.Servers {
		if i == 0 {
			fields.Primary = scalar(s.Name)
		} else {
			fields.Replicas = append(fields.Replicas, scalar(s.Name))
		}
		if keys := s.keys(d); len(keys) > 0 {
			fields.Servers = append(fields.Servers, serverText{Name: scalar(s.Name), Keys: keys})
		}
	}
	fields.By, fields.Account = comment(d.By), scalar(d.Account)
	for _, field := range []*string{&fields.Hosts, &fields.SSHUser, &fields.Identity, &fields.KnownHosts, &fields.Jump, &fields.Admin} {
		if *field != "" {
			*field = scalar(*field)
		}
	}
	return texts.Fill(textTemplate, fields)
}

// serverText is what the inventory says of one server alone, each key with its value.
type serverText struct {
	Name string
	Keys []string
}

func (s Server) keys(d Draft) []string {
	var keys []string
	reached := cmp.Or(s.Reached, s.Host, s.Name)
	if s.Host != "" || s.Address != "" {
		keys = append(keys, "address: "+scalar(cmp.Or(s.Address, reached)), "ssh: {address: "+scalar(reached)+"}")
	}
	if s.Source != "" && s.Source != d.Servers[0].Name {
		keys = append(keys, "replicates_from: "+scalar(s.Source))
	}
	var mysql []string
	if s.Port != usualPort && s.Port != 0 {
		mysql = append(mysql, fmt.Sprintf("port: %d", s.Port))
	}
	if s.Socket != "" {
		mysql = append(mysql, "socket: "+scalar(s.Socket))
	}
	if len(mysql) > 0 {
		keys = append(keys, "mysql: {"+strings.Join(mysql, ", ")+"}")
	}
	return keys
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9_./@-]*$`)

// scalar writes a word so that it is read back as it is.
func scalar(word string) string {
	if plainWord.MatchString(word) && !strings.EqualFold(word, "null") {
		return word
	}
	quoted, _ := json.Marshal(word) // a string always can be
	return string(quoted)
}

// comment keeps a text on its line.
func comment(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

// placeholder stands for what is not known yet, where only the way to one host is asked for.
const placeholder = "replssl-init"

// Way is the way to a host as the inventory will tell it, of which nothing but that is known yet.
func (d Draft) Way(host string, texts templates.Texts, env topology.Defaults) (topology.Server, error) {
	d.Found = Found{Account: placeholder, Servers: []Server{{Name: host, Port: usualPort}, {Name: placeholder, Host: placeholder, Source: host, Port: usualPort}}}
	text, err := d.Text(texts)
	if err != nil {
		return topology.Server{}, err
	}
	cluster, err := topology.Parse(path.Base(placeholder), []byte(text), env)
	var fault *topology.Fault
	switch {
	case errors.As(err, &fault):
		return topology.Server{}, fmt.Errorf("the way to %s: %s", host, fault.Text) // its file is none that a person knows
	case err != nil:
		return topology.Server{}, err
	}
	return cluster.Primary(), nil
}
