package discover

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/replssl/replssl/remote/plain"
)

// choose finds the one that is meant among the servers of the primary's host. One that could not be asked may be the one, unless a person
// says the port.
func (f *finder) choose(servers []Seen) (Seen, error) {
	var failures []error
	var asked []Seen
	for _, s := range servers {
		if s.Err != nil {
			failures = append(failures, s.Err)
			continue
		}
		asked = append(asked, s)
	}
	port := f.Port
	if port == 0 && len(asked) > 1 {
		port = usualPort
	}
	fitting := slices.DeleteFunc(slices.Clone(asked), func(s Seen) bool {
		return port != 0 && s.Instance.Port != port || f.Socket != "" && s.Socket != f.Socket
	})
	told := f.Port != 0 || f.Socket != ""
	switch {
	case len(fitting) == 1 && (told || len(failures) == 0):
		return fitting[0], nil
	case len(asked) == 0 && len(failures) > 0:
		return Seen{}, failures[0]
	case len(asked) == 0:
		return Seen{}, fmt.Errorf("%s: no server is found on the host: it has no unix socket with mysql or maria in its path", f.Primary)
	case len(fitting) > 1 && (told || len(failures) == 0):
		f.Open = append(f.Open, Question{
			About: TheSocket, Text: fmt.Sprintf("%s has several servers with the port %d, behind the sockets %s", f.Primary, port, sockets(fitting)),
			Ask: "Socket of the primary", Flag: "--socket SOCKET",
		})
		return Seen{}, nil
	}
	f.Open = append(f.Open, whichPort(f.Primary, asked, failures))
	return Seen{}, nil
}

func whichPort(host string, asked []Seen, failures []error) Question {
	q := Question{About: ThePort, Text: fmt.Sprintf("%s has servers with the ports %s", host, ports(asked)), Ask: "Port of the primary", Flag: "--port PORT"}
	if len(failures) == 0 {
		q.Default = strconv.Itoa(asked[0].Instance.Port)
		return q
	}
	var causes []string
	for _, err := range failures {
		causes = append(causes, plain.Cause(err))
	}
	q.Text += ", and what could not be asked may be the primary: " + strings.Join(causes, "; ")
	return q
}

func sockets(servers []Seen) string {
	var list []string
	for _, s := range servers {
		list = append(list, s.Socket)
	}
	return strings.Join(list, ", ")
}

func ports(servers []Seen) string {
	var list []string
	for _, s := range servers {
		list = append(list, strconv.Itoa(s.Instance.Port))
	}
	return strings.Join(list, ", ")
}
