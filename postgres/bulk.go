package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// Bulk is one command for many tickets.
type Bulk struct {
	ID          string
	Agent       string
	Request     string // the asker's own id: the same again returns the first job
	Fingerprint string
	Order       ticket.Order // as it goes to each ticket; without number and id
	State       string       // running, paused, cancelled, done
	UndoOf      string
	CreatedAt   time.Time
	FinishedAt  *time.Time
	Counts      map[string]int // by outcome: waiting, skipped, pending, applied, already, refused, failed
	Total       int
}

// BulkItem is what became of one ticket.
type BulkItem struct {
	N       int
	Number  ticket.Number
	Command string
	Outcome string // waiting, skipped, pending, applied, already, refused, failed
	Reason  string
	Receipt string // the command's id
}

// bulkTemplate is what is kept of an order.
type bulkTemplate struct {
	Kind    ticket.Kind
	Params  ticket.Params
	Reason  string             `json:",omitempty"`
	Message *ticket.NewMessage `json:",omitempty"`
}

func templateOf(o ticket.Order) bulkTemplate {
	return bulkTemplate{Kind: o.Kind, Params: o.Params, Reason: o.Reason, Message: o.Message}
}

func readTemplate(raw []byte) (ticket.Order, error) {
	var t bulkTemplate
	err := readJSON(raw, &t)
	return ticket.Order{Kind: t.Kind, Params: t.Params, Reason: t.Reason, Message: t.Message}, err
}

// bulkID names the command of a job for a ticket: however often it is stored, it is one.
func bulkID(job string, n ticket.Number) string { return fmt.Sprintf("bulk:%s:%d", job, n) }

// AddBulk stores a job and its tickets. The same request of the same agent returns the first one, with another body it
// is a ticket.Conflict.
func (q *Queue) AddBulk(ctx context.Context, b Bulk, numbers []ticket.Number) (Bulk, error) {
	return q.addBulk(ctx, b, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into bulk_items (job, n, ticket) select $1, place, number from unnest($2::bigint[]) with ordinality x (number, place)`, b.ID, plainNumbers(numbers))
		return err
	})
}

func (q *Queue) addBulk(ctx context.Context, b Bulk, items func(context.Context, pgx.Tx) error) (Bulk, error) {
	template, err := json.Marshal(templateOf(b.Order))
	if err != nil {
		return Bulk{}, fmt.Errorf("keep the order of a bulk job: %w", err)
	}
	err = q.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into bulk_jobs (id, agent, request, fingerprint, command, template, undo_of) values ($1, $2, $3, $4, $5, $6, nullif($7, '')::uuid)`,
			b.ID, b.Agent, b.Request, b.Fingerprint, b.Order.Kind.String(), template, b.UndoOf)
		if err == nil {
			err = keepUploads(ctx, tx, b.Order.Message)
		}
		if err != nil {
			return err
		}
		return items(ctx, tx)
	})
	if name, _ := violated(err); name == "bulk_jobs_agent_request_key" {
		var id, fingerprint string
		if err := q.s.pool.QueryRow(ctx, `select id::text, fingerprint from bulk_jobs where agent = $1 and request = $2`, b.Agent, b.Request).Scan(&id, &fingerprint); err != nil {
			return Bulk{}, fmt.Errorf("find an earlier bulk job: %w", err)
		}
		if fingerprint != b.Fingerprint {
			return Bulk{}, conflict("/id", "id %q was used for another bulk job", b.Request)
		}
		return q.BulkJob(ctx, id)
	}
	if err != nil {
		return Bulk{}, fmt.Errorf("store a bulk job: %w", err)
	}
	return q.BulkJob(ctx, b.ID)
}

// BulkJob returns a job with its counts; ticket.NotFound where there is none.
func (q *Queue) BulkJob(ctx context.Context, id string) (Bulk, error) {
	if !properUUID(id) {
		return Bulk{}, notFound("there is no bulk job %q", id)
	}
	b := Bulk{Counts: map[string]int{}}
	var template []byte
	err := q.s.pool.QueryRow(ctx, `select id::text, agent, request, fingerprint, template, state, coalesce(undo_of::text, ''), created_at, finished_at from bulk_jobs where id = $1`, id).
		Scan(&b.ID, &b.Agent, &b.Request, &b.Fingerprint, &template, &b.State, &b.UndoOf, &b.CreatedAt, &b.FinishedAt)
	if noRows(err) {
		return b, notFound("there is no bulk job %q", id)
	}
	if err != nil {
		return b, fmt.Errorf("read a bulk job: %w", err)
	}
	if b.Order, err = readTemplate(template); err != nil {
		return b, fmt.Errorf("read the order of bulk job %s: %w", id, err)
	}
	rows, err := q.s.pool.Query(ctx, `select `+bulkOutcome+`, count(*) from bulk_items i left join commands c on c.ticket = i.ticket and c.seq = i.seq where i.job = $1 group by 1`, id)
	if err != nil {
		return b, fmt.Errorf("count a bulk job: %w", err)
	}
	var outcome string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&outcome, &n}, func() error {
		b.Counts[outcome] = n
		b.Total += n
		return nil
	})
	if err != nil {
		return b, fmt.Errorf("count a bulk job: %w", err)
	}
	return b, nil
}

const bulkOutcome = `case when i.state = 'stored' then c.outcome else i.state end`

// BulkItems lists what became of the tickets, after a place; outcome "": all.
func (q *Queue) BulkItems(ctx context.Context, job, outcome string, after, limit int) ([]BulkItem, error) {
	rows, err := q.s.pool.Query(ctx, `select i.n, i.ticket, coalesce(c.name, i.other->>'Kind', j.command), `+bulkOutcome+`, coalesce(c.reason, i.reason), coalesce(c.id, '')
		from bulk_items i join bulk_jobs j on j.id = i.job left join commands c on c.ticket = i.ticket and c.seq = i.seq
		where i.job = $1 and i.n > $2 and ($3 = '' or `+bulkOutcome+` = $3) order by i.n limit $4`, job, after, outcome, limit)
	if err != nil {
		return nil, fmt.Errorf("list the tickets of a bulk job: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[BulkItem])
	if err != nil {
		return nil, fmt.Errorf("list the tickets of a bulk job: %w", err)
	}
	return out, nil
}

// SetBulk pauses, resumes or cancels a job; one that is over is a ticket.Conflict.
func (q *Queue) SetBulk(ctx context.Context, job, state string) (Bulk, error) {
	if _, err := q.BulkJob(ctx, job); err != nil {
		return Bulk{}, err
	}
	tag, err := q.s.pool.Exec(ctx, `update bulk_jobs set state = $2, lent_until = null, finished_at = case when $2 = 'cancelled' then clock_timestamp() end
		where id = $1 and state in ('running', 'paused')`, job, state)
	if err != nil {
		return Bulk{}, fmt.Errorf("set a bulk job: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return Bulk{}, conflict("", "the bulk job is over")
	}
	return q.BulkJob(ctx, job)
}

// BulkBatch stores the commands for the next few tickets of a job that runs. Each is a transaction of its own, under an
// id made of job and ticket: after a crash it goes on where it was, and nothing is done twice.
func (q *Queue) BulkBatch(ctx context.Context, job string, limit int) ([]ticket.Unrung, ticket.BulkState, error) {
	var state string
	if !properUUID(job) {
		return nil, ticket.BulkState{}, notFound("there is no bulk job %q", job)
	}
	err := q.s.pool.QueryRow(ctx, `update bulk_jobs set lent_until = clock_timestamp() + interval '1 minute' where id = $1 returning state`, job).Scan(&state)
	if noRows(err) {
		return nil, ticket.BulkState{}, notFound("there is no bulk job %q", job)
	}
	if err != nil {
		return nil, ticket.BulkState{}, fmt.Errorf("go on with a bulk job: %w", err)
	}
	if state != "running" {
		return nil, ticket.BulkState{State: state}, nil
	}
	b, err := q.BulkJob(ctx, job)
	if err != nil {
		return nil, ticket.BulkState{}, err
	}
	rows, err := q.s.pool.Query(ctx, `select n from bulk_items where job = $1 and state = 'waiting' order by n limit $2`, job, limit)
	if err != nil {
		return nil, ticket.BulkState{}, fmt.Errorf("go on with a bulk job: %w", err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return nil, ticket.BulkState{}, fmt.Errorf("go on with a bulk job: %w", err)
	}
	var rings []ticket.Unrung
	for _, n := range places {
		ring, err := q.bulkItem(ctx, b, n)
		if err != nil {
			return rings, ticket.BulkState{}, fmt.Errorf("ticket %d of bulk job %s: %w", n, job, err)
		}
		if ring.Number != 0 {
			rings = append(rings, ring)
		}
	}
	return rings, ticket.BulkState{State: state}, nil
}

// bulkItem stores one command, as the asker is now: with his present role, and only where he is in the desk.
func (q *Queue) bulkItem(ctx context.Context, b Bulk, place int) (ring ticket.Unrung, err error) {
	err = q.write(ctx, func(tx pgx.Tx) error {
		var n ticket.Number
		var other []byte
		// A job that was stopped meanwhile stores nothing more: its row is locked against that.
		err := tx.QueryRow(ctx, `select i.ticket, i.other from bulk_jobs j join bulk_items i on i.job = j.id where j.id = $1 and i.n = $2 and j.state = 'running' and i.state = 'waiting' for update of i for key share of j`, b.ID, place).Scan(&n, &other)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		o, why, err := bulkOrder(ctx, tx, b, n, other)
		if err != nil {
			return err
		}
		if why == "" {
			var before []byte
			err := tx.QueryRow(ctx, `select jsonb_build_object('process', process, 'title', title, 'type', type, 'language', language, 'reception_type', coalesce(reception_type, ''), 'tags', to_jsonb(tags), 'fields', fields)
				from tickets where number = $1`, n).Scan(&before)
			if err != nil {
				return err
			}
			r, _, err := q.store(ctx, tx, o, send)
			var told *ticket.Error
			if !errors.As(err, &told) {
				if err != nil {
					return err
				}
				ring = ticket.Unrung{Number: n, Seq: r.Seq, ID: o.ID, Name: o.Kind.String()}
				_, err = tx.Exec(ctx, `update bulk_items set state = 'stored', seq = $3, before = $4 where job = $1 and n = $2`, b.ID, place, r.Seq, before)
				return err
			}
			why = told.Message
		}
		_, err = tx.Exec(ctx, `update bulk_items set state = 'skipped', reason = $3 where job = $1 and n = $2`, b.ID, place, why)
		return err
	})
	return ring, err
}

func bulkOrder(ctx context.Context, tx pgx.Tx, b Bulk, n ticket.Number, other []byte) (o ticket.Order, why string, err error) {
	o = b.Order
	if other != nil {
		if o, err = readTemplate(other); err != nil {
			return o, "", fmt.Errorf("read the order of one ticket: %w", err)
		}
	}
	who, err := agent(ctx, tx, b.Agent)
	if ticket.CodeOf(err) == ticket.NotFound {
		return o, lifecycle.UndoNotSeen, nil
	}
	if err != nil {
		return o, "", err
	}
	var sees bool
	err = tx.QueryRow(ctx, `select t.desk = any($2) or $3 from tickets t where t.number = $1`, n, who.Desks, who.Role == ticket.RoleAdmin).Scan(&sees)
	if err != nil {
		return o, "", err
	}
	if !sees || who.Disabled != nil {
		return o, lifecycle.UndoNotSeen, nil
	}
	o.ID, o.Number, o.SeenRevision = bulkID(b.ID, n), n, 0
	o.By = ticket.Actor{Kind: ticket.ActorAgent, ID: who.Key, Role: who.Role}
	o.Name = who.Name
	o.Fingerprint = o.ID
	return o, "", nil
}

// BulkSettled counts what is left and what has no outcome yet, and ends a job that has neither.
func (q *Queue) BulkSettled(ctx context.Context, job string) (s ticket.BulkState, err error) {
	err = q.s.pool.QueryRow(ctx, `with counts as (
			select count(*) filter (where i.state = 'waiting') as waiting, count(*) filter (where i.state = 'stored' and c.outcome = 'pending') as open
			from bulk_items i left join commands c on c.ticket = i.ticket and c.seq = i.seq where i.job = $1
		), ended as (
			update bulk_jobs j set state = 'done', finished_at = clock_timestamp() from counts where j.id = $1 and j.state = 'running' and waiting = 0 and open = 0 returning j.state
		) select coalesce((select state from ended), j.state), waiting, open from bulk_jobs j, counts where j.id = $1`, job).Scan(&s.State, &s.Left, &s.Open)
	if err != nil {
		return s, fmt.Errorf("see how a bulk job stands: %w", err)
	}
	return s, nil
}

// UndoBulk stores a job that takes back what another did, ticket by ticket, where a command exists for it and nothing
// came after. One that is not over is a ticket.Conflict, and so is a second undo.
func (q *Queue) UndoBulk(ctx context.Context, by, request, job string) (Bulk, error) {
	first, err := q.BulkJob(ctx, job)
	if err != nil {
		return Bulk{}, err
	}
	if first.FinishedAt == nil {
		return Bulk{}, conflict("", "the bulk job is not over: cancel it first")
	}
	undo := Bulk{ID: uuid.Must(uuid.NewV7()).String(), Agent: by, Request: request, Fingerprint: "undo " + job, Order: ticket.Order{Kind: first.Order.Kind}, UndoOf: job}
	return q.addBulk(ctx, undo, func(ctx context.Context, tx pgx.Tx) error { return undoItems(ctx, tx, undo.ID, job) })
}

func undoItems(ctx context.Context, tx pgx.Tx, undo, job string) error {
	rows, err := tx.Query(ctx, `select i.n, i.ticket, i.before, c.name, c.params, coalesce(c.message::text, ''), coalesce(c.outcome, ''), coalesce(c.revision, 0) = t.revision
		from bulk_items i join tickets t on t.number = i.ticket left join commands c on c.ticket = i.ticket and c.seq = i.seq where i.job = $1 and i.state = 'stored' order by i.n`, job)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	var place int
	var n ticket.Number
	var raw []byte
	var name, message, outcome string
	var params ticket.Params
	var untouched bool
	_, err = pgx.ForEachRow(rows, []any{&place, &n, &raw, &name, &params, &message, &outcome, &untouched}, func() error {
		var before lifecycle.Before
		if err := readJSON(raw, &before); err != nil {
			return fmt.Errorf("how ticket %d stood: %w", n, err)
		}
		done, err := ticket.ParseKind(name)
		if err != nil {
			return err
		}
		kind, back, why := lifecycle.Undo(before, done, params, message)
		switch {
		case outcome != ticket.Applied.String():
			why = lifecycle.UndoNothing
		case !untouched:
			why = lifecycle.UndoChanged
		}
		order, err := json.Marshal(bulkTemplate{Kind: kind, Params: back})
		if err != nil {
			return err
		}
		b.Queue(`insert into bulk_items (job, n, ticket, state, reason, other) values ($1, $2, $3, case when $4 = '' then 'waiting' else 'skipped' end, $4, $5)`, undo, place, n, why, order)
		params = ticket.Params{}
		return nil
	})
	if err != nil {
		return err
	}
	return send(ctx, tx, b)
}
