package postgres

import (
	"context"
	"fmt"
)

// Fact returns what is noted under a name, "" where nothing is.
func (s *Store) Fact(ctx context.Context, name string) (string, error) {
	var value string
	err := s.pool.QueryRow(ctx, `select value from facts where name = $1`, name).Scan(&value)
	if noRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read fact %q: %w", name, err)
	}
	return value, nil
}

// Note keeps a small fact about this database, replacing an earlier one of that name.
func (s *Store) Note(ctx context.Context, name, value string) error {
	_, err := s.pool.Exec(ctx, `insert into facts (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("note fact %q: %w", name, err)
	}
	return nil
}
