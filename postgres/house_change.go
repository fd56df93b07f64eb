package postgres

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// ChangeDesk writes name, address, groups, process and manner of a desk, and where its settings differ the next version
// of its policy: tickets keep the version that they were opened under. A desk whose revision is another one than d's was
// changed meanwhile: a ticket.Conflict.
func (s *Store) ChangeDesk(ctx context.Context, d Desk) (Desk, error) {
	err := s.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockAddresses); err != nil {
			return err
		}
		before, err := deskOf(ctx, tx, d.Key, "for no key update of d")
		if err != nil {
			return err
		}
		if before.Revision != d.Revision {
			return changedMeanwhile("desk", d.Key)
		}
		d.Kind = before.Kind // tickets were handed over to it, or not
		if d, err = d.whole(); err != nil {
			return err
		}
		if d.Address != before.Address {
			if err := refuseTheirs(ctx, tx, d.Address); err != nil {
				return err
			}
		}
		if !reflect.DeepEqual(d.Settings, before.Settings) {
			if err := addPolicy(ctx, tx, d.Key, &d.Settings); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `update desks set name = $2, address = $3, process = $4, manner = $5, revision = $6 + 1 where key = $1`,
			d.Key, d.Name, d.Address, d.Process, d.Manner, before.Revision)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from desk_groups where desk = $1 and not group_key = any($2)`, d.Key, orEmpty(d.Groups)); err != nil {
			return err
		}
		if err := join(ctx, tx, joinDeskGroups, d.Key, "/groups", "group", d.Groups); err != nil {
			return err
		}
		d, err = deskOf(ctx, tx, d.Key, "")
		return err
	})
	if err != nil {
		return Desk{}, fmt.Errorf("change desk %s: %w", d.Key, err)
	}
	return d, nil
}

func changedMeanwhile(noun, key string) error {
	return &ticket.Error{Code: ticket.Conflict, Key: "changed_meanwhile", Message: fmt.Sprintf("somebody else changed the %s %q meanwhile: look at it again", noun, key)}
}

// DropDesk takes a desk away that never had a ticket; one that had is a ticket.Conflict, for its tickets stay.
func (s *Store) DropDesk(ctx context.Context, key string) error {
	return s.drop(ctx, "desk", key, []string{
		`delete from furniture where desk = $1`, `delete from desk_groups where desk = $1`, `delete from agent_desks where desk = $1`, `delete from policies where desk = $1`, `delete from desks where key = $1`,
	})
}

// ChangeGroup writes name and members of a group; ticket.NotFound where there is none, an unknown member ticket.Invalid.
func (s *Store) ChangeGroup(ctx context.Context, g Group) (Group, error) {
	err := s.change(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update groups set name = $2 where key = $1`, g.Key, clean(g.Name))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return notFound("there is no group %q", g.Key)
		}
		if _, err := tx.Exec(ctx, `delete from agent_groups where group_key = $1 and not agent = any($2)`, g.Key, orEmpty(g.Members)); err != nil {
			return err
		}
		return join(ctx, tx, joinGroupAgents, g.Key, "/members", "agent", g.Members)
	})
	if err != nil {
		return Group{}, fmt.Errorf("change group %s: %w", g.Key, err)
	}
	return g, nil
}

// DropGroup takes a group away; one that tickets are queued for is a ticket.Conflict.
func (s *Store) DropGroup(ctx context.Context, key string) error {
	return s.drop(ctx, "group", key, []string{`delete from desk_groups where group_key = $1`, `delete from agent_groups where group_key = $1`, `delete from groups where key = $1`})
}

// drop deletes a thing with what hangs on it; the last statement is the thing's own. What tickets hold stays.
func (s *Store) drop(ctx context.Context, noun, key string, statements []string) error {
	if !readable(key) {
		return notFound("there is no %s %q", noun, key)
	}
	err := s.change(ctx, func(tx pgx.Tx) error {
		var gone int64
		for _, sql := range statements {
			tag, err := tx.Exec(ctx, sql, key)
			if _, state := violated(err); state == foreignKey {
				return &ticket.Error{Code: ticket.Conflict, Key: "in_use", Message: fmt.Sprintf("the %s %q is in use: tickets or mailboxes belong to it", noun, key)}
			}
			if err != nil {
				return err
			}
			gone = tag.RowsAffected()
		}
		if gone == 0 {
			return notFound("there is no %s %q", noun, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take away the %s %s: %w", noun, key, err)
	}
	return nil
}
