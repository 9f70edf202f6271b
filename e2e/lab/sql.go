package lab

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Table is one result set, as text.
type Table struct {
	Columns []string
	Rows    [][]sql.NullString
}

// DB opens a handle that logs in through a server's socket as the administrator; the caller closes it.
func (l *Lab) DB(name string) (*sql.DB, error) {
	s, err := l.Server(name)
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = l.Admin, "unix", s.Socket
	if !s.Programs.SocketLogin {
		config.Passwd = l.AdminPassword
	}
	config.MultiStatements, config.InterpolateParams = true, true
	config.Timeout = 5 * time.Second
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return sql.OpenDB(connector), nil
}

// SQL runs statements, separated by semicolons, in a session of their own and returns the result sets that have columns.
// It takes two minutes at most, for a server that hangs accepts connections all the same.
func (l *Lab) SQL(ctx context.Context, server, query string, args ...any) (tables []Table, err error) {
	db, err := l.DB(server)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err = Ask(ctx, db, query, args...)
	if err != nil {
		return tables, fmt.Errorf("%s: %w", server, err)
	}
	return tables, nil
}

// Ask runs statements, separated by semicolons, for two minutes at most, and returns the result sets that have columns.
func Ask(ctx context.Context, db *sql.DB, query string, args ...any) (tables []Table, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for more := true; more; more = rows.NextResultSet() {
		table, err := readTable(rows)
		if err != nil {
			return tables, err
		}
		if len(table.Columns) > 0 {
			tables = append(tables, table)
		}
	}
	return tables, rows.Err()
}

// Exec runs statements, separated by semicolons, in a session of their own.
func (l *Lab) Exec(ctx context.Context, server, query string, args ...any) error {
	_, err := l.SQL(ctx, server, query, args...)
	return err
}

// Query runs statements and returns the last result set; it is empty where there is none.
func (l *Lab) Query(ctx context.Context, server, query string, args ...any) (Table, error) {
	tables, err := l.SQL(ctx, server, query, args...)
	if err != nil || len(tables) == 0 {
		return Table{}, err
	}
	return tables[len(tables)-1], nil
}

// Value returns the first column of the first row; NULL is empty, and no row is an error.
func (l *Lab) Value(ctx context.Context, server, query string, args ...any) (string, error) {
	table, err := l.Query(ctx, server, query, args...)
	if err != nil {
		return "", err
	}
	if len(table.Rows) == 0 {
		return "", fmt.Errorf("%s: no row for %s", server, query)
	}
	return table.Rows[0][0].String, nil
}

func readTable(rows *sql.Rows) (Table, error) {
	columns, err := rows.Columns()
	if err != nil {
		return Table{}, err
	}
	table := Table{Columns: columns}
	for rows.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return Table{}, err
		}
		table.Rows = append(table.Rows, row)
	}
	return table, rows.Err()
}

// Maps are the rows by column name, with NULL as an empty text.
func (t Table) Maps() []map[string]string {
	var maps []map[string]string
	for _, row := range t.Rows {
		m := make(map[string]string, len(row))
		for i, value := range row {
			m[t.Columns[i]] = value.String
		}
		maps = append(maps, m)
	}
	return maps
}

// String is the table with its columns aligned and a header; it is empty without rows.
func (t Table) String() string {
	if len(t.Rows) == 0 {
		return ""
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(t.Columns, "\t"))
	for _, row := range t.Rows {
		var cells []string
		for _, value := range row {
			cells = append(cells, cell(value))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return text.String()
}

func cell(value sql.NullString) string {
	if !value.Valid {
		return "NULL"
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(value.String)
}
