package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/replssl/replssl/e2e/lab"
)

// traces are what whoever touches a cluster leaves: the ids of the replication threads, the position of the binary log, the server's
// process, and the time stamps of the files below the TLS dir and the folder of option files.
type traces map[string]string

func readTraces(ctx context.Context, l *lab.Lab) (traces, error) {
	t := traces{}
	for _, s := range l.Servers {
		if err := t.ofServer(ctx, l, s.Name); err != nil {
			return nil, err
		}
		for _, dir := range []string{s.TLSDir, s.ConfDir} {
			if err := t.ofFiles(dir); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t traces) ofServer(ctx context.Context, l *lab.Lab, server string) error {
	pid, err := l.ServerPID(server)
	if err != nil {
		return err
	}
	t[server+" process"] = fmt.Sprint(pid)
	for what, query := range map[string]string{
		"replication threads": "SELECT ID, COMMAND FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Slave%' OR COMMAND = 'Binlog Dump' ORDER BY ID",
		"binary log":          "SHOW MASTER STATUS",
	} {
		table, err := l.Query(ctx, server, query)
		if err != nil {
			return err
		}
		t[server+" "+what] = table.String()
	}
	return nil
}

func (t traces) ofFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		t[path] = fmt.Sprint(info.ModTime().UnixNano(), info.Mode(), info.Size())
		return nil
	})
}

// changed names what is not the same in both, sorted.
func (t traces) changed(after traces) []string {
	all := maps.Clone(t)
	maps.Copy(all, after)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if t[name] != after[name] {
			list = append(list, name)
		}
	}
	return list
}
