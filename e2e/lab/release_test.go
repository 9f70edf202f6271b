package lab

import "testing"

func TestReleases(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"mysqld  Ver 5.6.24 for linux-glibc2.5 on x86_64 (MySQL Community Server (GPL))":                          "MySQL 5.6.24",
		"/tree/usr/sbin/mysqld  Ver 8.0.33 for Linux on x86_64 (MySQL Community Server - GPL)":                    "MySQL 8.0.33",
		"/tree/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))":                                       "MySQL 9.7.4",
		"mysqld  Ver 8.0.36-28 for Linux on x86_64 (Percona Server (GPL), Release '28', Revision '47601f19')":     "MySQL 8.0.36",
		"mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)":                     "MariaDB 10.11.19",
		"[Warning] something first\n/x/mariadbd  Ver 11.4.5-MariaDB for linux-systemd on x86_64 (MariaDB Server)": "MariaDB 11.4.5",
	} {
		if got, ok := parseRelease(said); !ok || got.String() != want {
			t.Errorf("%s: got %s, %v", said, got, ok)
		}
	}
	if got, ok := parseRelease("mysqld: no such thing"); ok {
		t.Errorf("got %s of nothing", got)
	}
	r := Release{Major: 8, Minor: 0, Patch: 30}
	for _, c := range []struct {
		major, minor, patch int
		want                bool
	}{{8, 0, 30, true}, {8, 0, 31, false}, {8, 0, 4, true}, {5, 7, 44, true}, {8, 4, 0, false}, {26, 1, 0, false}} {
		if got := r.MySQL(c.major, c.minor, c.patch); got != c.want {
			t.Errorf("%s is %d.%d.%d or newer: %v", r, c.major, c.minor, c.patch, got)
		}
	}
	if r.SinceMariaDB(5, 0, 0) {
		t.Error("MySQL is taken for MariaDB")
	}
}
