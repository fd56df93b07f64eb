package postgres

import (
	"context"
	"fmt"

	"duradesk/ticket"
)

// ListLook returns how an agent has his lists laid out.
func (s *Store) ListLook(ctx context.Context, agent string) (ticket.ListLook, error) {
	var out ticket.ListLook
	err := s.pool.QueryRow(ctx, `select look from agent_lists where agent = $1`, agent).Scan(&out)
	if noRows(err) {
		return ticket.DefaultListLook(), nil
	}
	if err != nil {
		return out, fmt.Errorf("read how an agent has his lists: %w", err)
	}
	return out, nil
}

// SetListLook stores it.
func (s *Store) SetListLook(ctx context.Context, agent string, look ticket.ListLook) error {
	_, err := s.pool.Exec(ctx, `insert into agent_lists (agent, look) values ($1, $2) on conflict (agent) do update set look = excluded.look, updated_at = clock_timestamp()`, agent, look)
	if err != nil {
		return fmt.Errorf("store how an agent has his lists: %w", err)
	}
	return nil
}
