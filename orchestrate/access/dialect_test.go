package access_test

import (
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// mariaDB speaks to the servers of the lab.
func mariaDB() dialect.Dialect {
	d, err := dialect.For(facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11})
	if err != nil {
		panic(err)
	}
	return d
}
