package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// fanOut writes, for every line of the feed behind a position, what each webhook shall hear of it.
func fanOut(ctx context.Context, tx pgx.Tx, after int64) error {
	_, err := tx.Exec(ctx, `insert into hooks (webhook, position, ticket, message_id, next_at, created_at)
		select w.id, f.position, e.ticket, 'evt_' || f.position, clock_timestamp(), clock_timestamp()
		from feed f join events e on e.id = f.event join tickets t on t.number = e.ticket
		join webhooks w on w.enabled and (w.desk is null or w.desk = t.desk) and (w.events = '{}' or 'ticket.' || e.name = any(w.events))
		where f.position > $1 order by f.position, w.created_at`, after)
	if err != nil {
		return fmt.Errorf("write what webhooks shall hear: %w", err)
	}
	return nil
}

// lease is for how long a sender has a webhook for itself unless he asks again.
const lease = 20 * time.Second

// LendHooks gives a webhook to one sender for a while, or to the one who has it for longer, and says where to send.
// ticket.NotFound where it is gone or switched off; lent false where another has it.
func (q *Queue) LendHooks(ctx context.Context, webhook, sender string) (target ticket.HookTarget, lent bool, err error) {
	if !properUUID(webhook) {
		return target, false, notFound("there is no webhook %q", webhook)
	}
	var secret, old []byte
	err = q.s.pool.QueryRow(ctx, `with mine as (update webhooks set lent = $2, lent_until = clock_timestamp() + $3
			where id = $1 and enabled and (lent = $2 or lent_until is null or lent_until < clock_timestamp()) returning id)
		select url, secret, case when old_until > clock_timestamp() then old_secret end, exists (select from mine) from webhooks where id = $1 and enabled`,
		webhook, sender, lease).Scan(&target.URL, &secret, &old, &lent)
	if noRows(err) {
		return target, false, notFound("webhook %s is gone or switched off", webhook)
	}
	if err != nil {
		return target, false, fmt.Errorf("lend a webhook: %w", err)
	}
	target.Secrets, err = q.s.openSecrets(hookContext(webhook), secret, old)
	return target, lent, err
}

// ReturnHooks ends the loan.
func (q *Queue) ReturnHooks(ctx context.Context, webhook, sender string) error {
	_, err := q.s.pool.Exec(ctx, `update webhooks set lent = '', lent_until = null where id = $1 and lent = $2`, webhook, sender)
	if err != nil {
		return fmt.Errorf("give a webhook back: %w", err)
	}
	return nil
}

// DueHooks lists what may be sent now, oldest first, of each ticket only what has nothing unsent before it that waits.
// next is when the earliest of the rest falls due; zero where nothing is pending.
func (q *Queue) DueHooks(ctx context.Context, webhook string, limit int) (list []ticket.Hook, next time.Time, err error) {
	// One instant for all rows: with a clock that goes on, what was held back at its own line would not hold back the next.
	rows, err := q.s.pool.Query(ctx, `select h.id, coalesce(h.position, 0), coalesce(h.ticket, 0), h.message_id, h.attempts + 1, h.created_at from hooks h
		where h.webhook = $1 and h.state = 'pending' and h.next_at <= now()
		and not exists (select from webhooks w where w.id = h.webhook and w.resting_until > now())
		and not exists (select from hooks b where b.webhook = h.webhook and b.ticket = h.ticket and b.state = 'pending' and b.id < h.id and b.next_at > now())
		order by h.id limit $2`, webhook, limit)
	if err != nil {
		return nil, next, fmt.Errorf("list what a webhook shall hear: %w", err)
	}
	positions := map[int64]int64{}
	list, err = pgx.CollectRows(rows, func(cr pgx.CollectableRow) (h ticket.Hook, err error) {
		var position int64
		err = cr.Scan(&h.ID, &position, &h.Ticket, &h.MessageID, &h.Attempt, &h.Created)
		positions[h.ID] = position
		return h, err
	})
	if err != nil {
		return nil, next, fmt.Errorf("list what a webhook shall hear: %w", err)
	}
	if len(list) > 0 {
		return list, next, q.hookBodies(ctx, list, positions)
	}
	var at *time.Time
	// Only the first of each ticket counts: the others wait for it.
	err = q.s.pool.QueryRow(ctx, `select greatest(min(h.next_at), max(w.resting_until)) from (
			select distinct on (ticket, case when ticket is null then id end) webhook, next_at from hooks
			where webhook = $1 and state = 'pending' order by ticket, case when ticket is null then id end, id
		) h join webhooks w on w.id = h.webhook`, webhook).Scan(&at)
	if err != nil {
		return nil, next, fmt.Errorf("see when a webhook is due: %w", err)
	}
	if at != nil {
		next = *at
	}
	return nil, next, nil
}

func (q *Queue) hookBodies(ctx context.Context, list []ticket.Hook, positions map[int64]int64) error {
	wanted := make([]int64, 0, len(list))
	for _, h := range list {
		wanted = append(wanted, positions[h.ID])
	}
	rows, err := q.s.pool.Query(ctx, envelopes+`where f.position = any($1)`, wanted)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanEnvelope)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	byID := map[int64]ticket.Envelope{}
	for _, e := range found {
		byID[e.ID] = e
	}
	for i, h := range list {
		e, ok := byID[positions[h.ID]]
		if !ok {
			e = ticket.Envelope{Type: ticket.TypePing, At: h.Created.UTC()}
		}
		if list[i].Body, err = json.Marshal(e); err != nil {
			return fmt.Errorf("write event %d: %w", e.ID, err)
		}
	}
	return nil
}

// HookPosted records how an attempt ended, as long as the sender has the webhook: whoever lost it to another changes
// nothing (still false). A webhook that is turned off is told to the admins, with the ticket of what failed last.
func (q *Queue) HookPosted(ctx context.Context, webhook, sender string, e ticket.HookEnd) (still bool, err error) {
	state := "pending"
	switch {
	case e.Error == "":
		state = "delivered"
	case e.GiveUp:
		state = "failed"
	}
	b := &pgx.Batch{}
	b.Queue(`update webhooks set failures = case when $3 then 0 else failures + 1 end, failing_since = case when $3 then null else coalesce(failing_since, clock_timestamp()) end,
			resting_until = $4, enabled = enabled and $5 = '', lent_until = clock_timestamp() + $6, off_reason = case when $5 <> '' then $5 else off_reason end
		where id = $1 and lent = $2`, webhook, sender, e.Error == "", instantOrNil(e.Rest), e.TurnOff, lease)
	b.Queue(`update hooks set state = $3, attempts = attempts + 1, next_at = $4, done_at = case when $3 <> 'pending' then clock_timestamp() end
		where id = $1 and state = 'pending' and exists (select from webhooks where id = $5 and lent = $2)`, e.Hook.ID, sender, state, orElse(e.Retry, e.At), webhook)
	b.Queue(`insert into hook_attempts (hook, no, at, took, status, error) select $1, coalesce((select max(no) from hook_attempts where hook = $1), 0) + 1, $2, $3, $4, $5
		where exists (select from webhooks where id = $6 and lent = $7) returning no`, e.Hook.ID, e.At, e.Took, e.Status, clean(e.Error), webhook, sender).
		Query(func(rows pgx.Rows) error {
			still = rows.Next()
			rows.Close()
			return rows.Err()
		})
	if e.TurnOff != "" && e.Hook.Ticket != 0 {
		b.Queue(`insert into notices (agent, ticket, seq, name, audience, at) select key, $1, $2, 'webhook_off', 'admins', clock_timestamp() from agents where role = 'admin' on conflict do nothing`,
			e.Hook.Ticket, e.Hook.ID)
	}
	err = q.write(ctx, func(tx pgx.Tx) error { return send(ctx, tx, b) })
	if err != nil {
		return false, fmt.Errorf("record how a webhook was told: %w", err)
	}
	return still, nil
}

// Standing tells how a webhook has fared lately: failures in a row, and since when.
func (q *Queue) Standing(ctx context.Context, webhook string) (failures int, since time.Time, err error) {
	var at *time.Time
	err = q.s.pool.QueryRow(ctx, `select failures, failing_since from webhooks where id = $1`, webhook).Scan(&failures, &at)
	if err != nil {
		return 0, since, fmt.Errorf("see how a webhook fares: %w", err)
	}
	if at != nil {
		since = *at
	}
	return failures, since, nil
}

// Chores lists workflows that rows want and that may not run: senders of webhooks with something due that nobody has,
// and bulk jobs that nobody works on. With all, also those that seem to run: for a Temporal whose store was lost.
func (q *Queue) Chores(ctx context.Context, limit int, all bool) ([]ticket.Chore, error) {
	var out []ticket.Chore
	err := q.s.plannedOnce(ctx, func(rows pgx.Rows) (err error) {
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Chore])
		return err
	}, `select 'Webhook', w.id::text from webhooks w
		where w.enabled and ($2 or ((w.lent_until is null or w.lent_until < clock_timestamp()) and (w.resting_until is null or w.resting_until <= clock_timestamp())))
		and exists (select from hooks h where h.webhook = w.id and h.state = 'pending' and ($2 or (h.next_at <= clock_timestamp()
			and not exists (select from hooks b where b.webhook = h.webhook and b.ticket = h.ticket and b.state = 'pending' and b.id < h.id and b.next_at > clock_timestamp()))))
		union all
		select 'BulkJob', id::text from bulk_jobs where finished_at is null and state = 'running' and ($2 or lent_until is null or lent_until < clock_timestamp()) limit $1`, limit, all)
	if err != nil {
		return nil, fmt.Errorf("list chores: %w", err)
	}
	return out, nil
}
