package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// SavedView is a list that somebody keeps.
type SavedView struct {
	Key, Owner, Name string
	Q, Sort          string // as in Query; Q is the grammar of package find
	Columns          []string
	Shared           bool // everybody sees it, each with his own rights and himself as "me"
}

// mostSavedViews an agent may keep: each is counted whenever he looks at his views.
const mostSavedViews = 50

const selectSaved = `select key, owner, name, q, sort, columns, shared from saved_views `

func scanSaved(cr pgx.CollectableRow) (v SavedView, err error) {
	return v, cr.Scan(&v.Key, &v.Owner, &v.Name, &v.Q, &v.Sort, &v.Columns, &v.Shared)
}

// SavedViews lists those of an agent, and those that others share: in his own order, then by name.
func (s *Store) SavedViews(ctx context.Context, agent string) ([]SavedView, error) {
	rows, err := s.pool.Query(ctx, selectSaved+`where owner = $1 or shared order by (
		select at from agent_lists, jsonb_array_elements_text(look -> 'views') with ordinality as wanted (view, at) where agent = $1 and view = key limit 1
	) nulls last, shared, name, key limit $2`, agent, 2*mostSavedViews)
	if err != nil {
		return nil, fmt.Errorf("list saved views: %w", err)
	}
	return pgx.CollectRows(rows, scanSaved)
}

// SavedView returns one that the agent may see; ticket.NotFound where there is none.
func (s *Store) SavedView(ctx context.Context, agent, key string) (SavedView, error) {
	rows, err := s.pool.Query(ctx, selectSaved+`where key = $1 and (owner = $2 or shared)`, key, agent)
	if err != nil {
		return SavedView{}, fmt.Errorf("read a saved view: %w", err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, scanSaved)
	if noRows(err) {
		return SavedView{}, notFound("there is no view %q", key)
	}
	if err != nil {
		return SavedView{}, fmt.Errorf("read a saved view: %w", err)
	}
	return v, nil
}

// AddSavedView keeps a new one; a taken key is a ticket.Conflict, as is one more than an agent may keep.
func (s *Store) AddSavedView(ctx context.Context, v SavedView) (SavedView, error) {
	rows, err := s.pool.Query(ctx, `
		insert into saved_views (key, owner, name, q, sort, columns, shared)
		select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from saved_views where owner = $2) < $8
		returning key, owner, name, q, sort, columns, shared`, v.Key, v.Owner, clean(v.Name), clean(v.Q), v.Sort, orEmpty(v.Columns), v.Shared, mostSavedViews)
	if err == nil {
		v, err = pgx.CollectExactlyOneRow(rows, scanSaved)
	}
	switch name, _ := violated(err); {
	case name == "saved_views_pkey":
		return SavedView{}, conflict("/key", "there is a view %q already: choose another key", v.Key)
	case noRows(err):
		return SavedView{}, conflict("", "you keep %d views already: take one away first", mostSavedViews)
	case err != nil:
		return SavedView{}, fmt.Errorf("keep a view: %w", err)
	}
	return v, nil
}

// ChangeSavedView writes one anew; ticket.NotFound where there is none.
func (s *Store) ChangeSavedView(ctx context.Context, v SavedView) (SavedView, error) {
	rows, err := s.pool.Query(ctx, `
		update saved_views set name = $2, q = $3, sort = $4, columns = $5, shared = $6, changed_at = now() where key = $1
		returning key, owner, name, q, sort, columns, shared`, v.Key, clean(v.Name), clean(v.Q), v.Sort, orEmpty(v.Columns), v.Shared)
	if err == nil {
		v, err = pgx.CollectExactlyOneRow(rows, scanSaved)
	}
	if noRows(err) {
		return SavedView{}, notFound("there is no view %q", v.Key)
	}
	if err != nil {
		return SavedView{}, fmt.Errorf("change a view: %w", err)
	}
	return v, nil
}

// DropSavedView takes one away; ticket.NotFound where there is none.
func (s *Store) DropSavedView(ctx context.Context, key string) error {
	done, err := s.pool.Exec(ctx, `delete from saved_views where key = $1`, key)
	if err != nil {
		return fmt.Errorf("take a view away: %w", err)
	}
	if done.RowsAffected() == 0 {
		return notFound("there is no view %q", key)
	}
	return nil
}
