package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/replssl/replssl/orchestrate/ansible"
	"github.com/replssl/replssl/orchestrate/topology"
)

// hostsOf reads a list of hosts that is an inventory of Ansible's, for the person with that home folder.
func hostsOf(home string) func(file string) (topology.Hosts, error) {
	return func(file string) (topology.Hosts, error) {
		info, err := os.Stat(file)
		if err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s is a folder; make a list of it: ansible-inventory -i %s --list --yaml > hosts.yaml", file, file)
		}
		data, err := os.ReadFile(file)
		var at *fs.PathError
		if errors.As(err, &at) {
			return nil, fmt.Errorf("%s cannot be read: %w", file, at.Err)
		}
		if err != nil {
			return nil, err
		}
		list, err := ansible.Read(ansible.File{Name: file, Data: data, Home: home, Beside: os.DirFS(filepath.Dir(file))})
		if err != nil {
			return nil, err // not a typed nil
		}
		return list, nil
	}
}
