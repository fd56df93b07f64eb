package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// byHand gives rows to what came without one: an operator's bare signal, an id that no row has, junk, a request to
// cancel. The same signal read again after a reset has the same id; found applied, it leaves an event and no more.
func (a *applying) byHand(ctx context.Context, in ticket.ApplyInput, rows map[int64]string) ([]stored, error) {
	var out []stored
	for _, h := range in.Heard {
		c, hand, err := a.fromSignal(ctx, in, h, rows)
		if err != nil {
			return nil, err
		}
		if !hand {
			continue
		}
		if out, err = a.take(ctx, out, c); err != nil {
			return nil, err
		}
	}
	if in.Canceled != "" {
		admin := ticket.Actor{Kind: ticket.ActorOperator, ID: ticket.Operator.ID, Role: ticket.RoleAdmin}
		return a.take(ctx, out, ticket.Command{ID: ticket.CancelID(in.Canceled), Kind: ticket.Close, At: a.row.at(), By: admin})
	}
	return out, nil
}

// take stores a command that came by hand, unless it was stored before.
func (a *applying) take(ctx context.Context, out []stored, c ticket.Command) ([]stored, error) {
	var done bool
	err := a.tx.QueryRow(ctx, `select outcome <> 'pending' from commands where actor = $1 and id = $2`, c.By.Key(), c.ID).Scan(&done)
	switch {
	case noRows(err):
		c.Seq = a.giveRow(c, "operator")
		if err := a.flush(ctx); err != nil {
			return nil, fmt.Errorf("store what came by hand: %w", err)
		}
		return append(out, stored{Command: c, byName: "operator"}), nil
	case err != nil:
		return nil, fmt.Errorf("look for what came by hand: %w", err)
	case done:
		return out, a.repeated(ctx, c)
	default:
		return out, nil // it waits in the queue, and is read from there
	}
}

// repeated leaves one event for a command by hand that was applied before (a reset reads signals again).
func (a *applying) repeated(ctx context.Context, c ticket.Command) error {
	var told bool
	if err := a.tx.QueryRow(ctx, `select exists (select from events where ticket = $1 and command_id = $2 and name = 'repeated')`, a.row.number, c.ID).Scan(&told); err != nil {
		return fmt.Errorf("look for an event: %w", err)
	}
	if told {
		return nil
	}
	a.p.Revision++
	a.done++
	a.changed = c.At
	a.event(stored{Command: c, byName: "operator"}, lifecycle.Happening{Type: "event", Name: "repeated", From: a.p.State, To: a.p.State}, "", map[string]any{"signal": c.Kind})
	return nil
}

// fromSignal reads a signal as a command by hand; false where a stored row stands behind it.
func (a *applying) fromSignal(ctx context.Context, in ticket.ApplyInput, h ticket.Heard, rows map[int64]string) (ticket.Command, bool, error) {
	c := ticket.Command{ID: ticket.HandID(in.FirstRun, h.Count, h.Name), At: a.row.at(), By: ticket.Operator}
	kind, err := ticket.ParseKind(h.Name)
	switch {
	case h.Problem != "":
		c.Kind, c.Params = ticket.Unreadable, ticket.Params{Problem: h.Problem, Name: h.Name}
	case h.Ring.ID != "" && h.Ring.Seq != 0 && rows[h.Ring.Seq] == h.Ring.ID:
		return c, false, nil
	case h.Ring.ID != "":
		known, err := a.known(ctx, h.Ring.ID)
		if err != nil || known {
			return c, false, err
		}
		c.Kind, c.Params = ticket.Unreadable, ticket.Params{Problem: "unknown_command", Name: h.Name}
	case err != nil || kind == ticket.NoKind || kind.Timer() || kind == ticket.Unreadable:
		c.Kind, c.Params = ticket.Unreadable, ticket.Params{Problem: "unknown_command", Name: h.Name}
	default:
		c.Kind = kind
		if needsPayload(kind) {
			c.Params.Problem = "payload_missing"
		}
	}
	return c, true, nil
}

func (a *applying) known(ctx context.Context, id string) (bool, error) {
	var known bool
	err := a.tx.QueryRow(ctx, `select exists (select from commands where ticket = $1 and id = $2)`, a.row.number, id).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look for a rung command: %w", err)
	}
	return known, nil
}

// needsPayload reports whether a bare signal says too little (CONTRACT §4).
func needsPayload(k ticket.Kind) bool {
	switch k { //nolint:exhaustive // the rest work bare
	case ticket.Create, ticket.ClientReply, ticket.AgentResponse, ticket.Assign, ticket.Note, ticket.AutomaticMail, ticket.DeliveryFailed,
		ticket.Classify, ticket.ClientVerdict, ticket.Merge, ticket.MergeIn, ticket.LinkTo, ticket.ChildReport, ticket.Promise, ticket.Feedback,
		ticket.Split, ticket.Move, ticket.Withdraw:
		return true
	default:
		return false
	}
}

// rung tells of the rows that were rung for which id each has. Mostly these are what is unapplied, which was read already.
func (a *applying) rung(ctx context.Context, in ticket.ApplyInput, commands []stored) (map[int64]string, error) {
	ids := map[int64]string{}
	for _, c := range commands {
		ids[c.Seq] = c.ID
	}
	var others []int64
	for _, h := range in.Heard {
		if _, read := ids[h.Ring.Seq]; !read && h.Ring.Seq != 0 {
			others = append(others, h.Ring.Seq)
		}
	}
	if len(others) == 0 {
		return ids, nil
	}
	rows, err := a.tx.Query(ctx, `select seq, id from commands where ticket = $1 and seq = any($2)`, in.Number, others)
	if err != nil {
		return nil, fmt.Errorf("look for what was rung: %w", err)
	}
	var seq int64
	var id string
	_, err = pgx.ForEachRow(rows, []any{&seq, &id}, func() error {
		ids[seq] = id
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for what was rung: %w", err)
	}
	return ids, nil
}
