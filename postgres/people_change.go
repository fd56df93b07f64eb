package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// ChangeAgent writes all of a member of staff but his password. One who is disabled loses his tokens and sessions at once;
// his tickets stay his until somebody takes them. With another role he must sign in anew. The last admin is neither disabled nor made less: a ticket.Conflict.
// A new address that is one of our own mailboxes is ticket.Invalid.
func (s *Store) ChangeAgent(ctx context.Context, p Person) (Person, error) {
	var stored Person
	err := s.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('duradesk: staff', 0))`); err != nil {
			return err
		}
		if err := keepAnAdmin(ctx, tx, p); err != nil {
			return err
		}
		if err := refuseMove(ctx, tx, p); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from sessions where agent in (select key from agents where key = $1 and (role <> $2 or $3))`, p.Key, p.Role.String(), p.Disabled != nil); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update agents set name = $2, email = $3, role = $4, language = $5, disabled_at = $6, zone = $7 where key = $1`,
			p.Key, clean(p.Name), clean(p.Email), p.Role.String(), orElse(clean(p.Language), "en"), p.Disabled, clean(p.Zone))
		if constraint, _ := violated(err); constraint == "agents_email" {
			return conflict("/email", "there is already an agent with that mail address")
		}
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return notFound("there is no agent %q", p.Key)
		}
		if err := rejoin(ctx, tx, p); err != nil {
			return err
		}
		if p.Disabled != nil {
			if _, err := tx.Exec(ctx, `delete from tokens where agent = $1`, p.Key); err != nil {
				return err
			}
		}
		stored, err = agent(ctx, tx, p.Key)
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("change agent %s: %w", p.Key, err)
	}
	return stored, nil
}

// rejoin makes somebody a member of exactly his groups and desks.
func rejoin(ctx context.Context, tx pgx.Tx, p Person) error {
	if _, err := tx.Exec(ctx, `delete from agent_groups where agent = $1 and not group_key = any($2)`, p.Key, orEmpty(p.Groups)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from agent_desks where agent = $1 and not desk = any($2)`, p.Key, orEmpty(p.Desks)); err != nil {
		return err
	}
	if err := join(ctx, tx, joinAgentGroups, p.Key, "/groups", "group", p.Groups); err != nil {
		return err
	}
	return join(ctx, tx, joinAgentDesks, p.Key, "/desks", "desk", p.Desks)
}

// refuseMove looks at the address where it is another one: whoever has one of ours from earlier times can still be
// disabled or given another.
func refuseMove(ctx context.Context, tx pgx.Tx, p Person) error {
	var same bool
	err := tx.QueryRow(ctx, `select lower(email) = lower($2) from agents where key = $1`, p.Key, clean(p.Email)).Scan(&same)
	if same || noRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return refuseOursLocked(ctx, tx, cleanAddress(p.Email))
}

func keepAnAdmin(ctx context.Context, tx pgx.Tx, p Person) error {
	if p.Role == ticket.RoleAdmin && p.Disabled == nil {
		return nil
	}
	var others bool
	err := tx.QueryRow(ctx, `select exists (select from agents where role = 'admin' and disabled_at is null and key <> $1) or not exists (select from agents where key = $1 and role = 'admin' and disabled_at is null)`, p.Key).Scan(&others)
	if err != nil {
		return err
	}
	if !others {
		return &ticket.Error{Code: ticket.Conflict, Key: "last_admin", Message: fmt.Sprintf("%q is the last admin: make another one first", p.Key)}
	}
	return nil
}

// DropAgent takes somebody away who never did anything; whoever did is a ticket.Conflict: disable him instead.
func (s *Store) DropAgent(ctx context.Context, key string) error {
	p, err := s.Agent(ctx, key)
	if err != nil {
		return err
	}
	p.Role = ticket.RoleAgent // as good as gone
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := keepAnAdmin(ctx, tx, p); err != nil {
			return err
		}
		var acted bool
		if err := tx.QueryRow(ctx, `select exists (select from commands where actor = $1)`, ticket.Actor{Kind: ticket.ActorAgent, ID: key}.Key()).Scan(&acted); err != nil {
			return err
		}
		if acted {
			return &ticket.Error{Code: ticket.Conflict, Key: "agent_acted", Message: fmt.Sprintf("%q stands in the record of tickets: disable him instead", key)}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take away the agent %s: %w", key, err)
	}
	return s.drop(ctx, "agent", key, []string{
		`delete from sessions where agent = $1`, `delete from one_time_links where agent = $1`, `delete from recovery_codes where agent = $1`, `delete from oidc_accounts where agent = $1`,
		`delete from tokens where agent = $1`, `delete from agent_groups where agent = $1`, `delete from agent_desks where agent = $1`, `delete from notices where agent = $1`, `delete from agents where key = $1`,
	})
}

// OpenTickets lists the tickets that are being worked on and belong to an agent, oldest first; at most 1,000.
func (s *Store) OpenTickets(ctx context.Context, agent string) ([]ticket.Number, error) {
	rows, err := s.pool.Query(ctx, `select number from tickets where owner = $1 and state in ('open', 'on_hold', 'handed_over', 'hand_over_answered') order by number limit 1000`, agent)
	if err != nil {
		return nil, fmt.Errorf("list the tickets of %s: %w", agent, err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[ticket.Number])
	if err != nil {
		return nil, fmt.Errorf("list the tickets of %s: %w", agent, err)
	}
	return numbers, nil
}
