package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Webhook is whom the desk tells what happens; its secrets are told once, at their making.
type Webhook struct {
	ID           string
	URL          string
	Events       []string // types; empty: all
	Desk         string   // "": of all desks
	Enabled      bool
	OffReason    string // failing, gone; "": by hand, or not off
	Failures     int
	FailingSince *time.Time
	OldUntil     *time.Time // until when the secret before the last is live too
	Pending      int
	CreatedBy    string
	CreatedAt    time.Time
}

// HookDelivery is one thing told, or to be told, to a webhook.
type HookDelivery struct {
	ID        int64
	Event     int64         // its number in the log; 0: a ping
	Ticket    ticket.Number // 0: a ping
	Type      string
	MessageID string
	State     string // pending, delivered, failed
	NextAt    *time.Time
	CreatedAt time.Time
	DoneAt    *time.Time
	Attempts  []HookAttempt // the newest last
}

// HookAttempt is one attempt of it.
type HookAttempt struct {
	At     time.Time
	Took   time.Duration
	Status int
	Error  string
}

func hookContext(id string) string { return "webhook " + id }

const webhookColumns = `w.id::text, w.url, w.events, coalesce(w.desk, ''), w.enabled, w.off_reason, w.failures, w.failing_since,
	case when w.old_until > clock_timestamp() then w.old_until end, (select count(*) from hooks h where h.webhook = w.id and h.state = 'pending'), w.created_by, w.created_at`

// Webhooks lists all, the oldest first.
func (s *Store) Webhooks(ctx context.Context) ([]Webhook, error) {
	rows, err := s.pool.Query(ctx, `select `+webhookColumns+` from webhooks w order by w.created_at, w.id`)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Webhook])
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return out, nil
}

// Webhook returns one; ticket.NotFound where there is none.
func (s *Store) Webhook(ctx context.Context, id string) (Webhook, error) {
	if !properUUID(id) {
		return Webhook{}, notFound("there is no webhook %q", id)
	}
	rows, err := s.pool.Query(ctx, `select `+webhookColumns+` from webhooks w where w.id = $1`, id)
	if err != nil {
		return Webhook{}, fmt.Errorf("read a webhook: %w", err)
	}
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Webhook])
	if noRows(err) {
		return w, notFound("there is no webhook %q", id)
	}
	if err != nil {
		return w, fmt.Errorf("read a webhook: %w", err)
	}
	return w, nil
}

// AddWebhook stores a new one: it hears what happens from now on.
func (s *Store) AddWebhook(ctx context.Context, w Webhook, secret ticket.Secret) (Webhook, error) {
	id := uuid.Must(uuid.NewV7()).String()
	sealed, err := s.sealer.Seal([]byte(secret.Reveal()), hookContext(id))
	if err != nil {
		return Webhook{}, err
	}
	err = s.changeRow(ctx, nil, `insert into webhooks (id, url, events, desk, secret, enabled, created_by) values ($1, $2, $3, nullif($4, ''), $5, $6, $7)`,
		id, clean(w.URL), orEmpty(w.Events), w.Desk, sealed, w.Enabled, w.CreatedBy)
	if _, state := violated(err); state == foreignKey {
		return Webhook{}, invalid("/desk", "there is no desk %q", w.Desk)
	}
	if err != nil {
		return Webhook{}, fmt.Errorf("add a webhook: %w", err)
	}
	return s.Webhook(ctx, id)
}

// ChangeWebhook stores url, events, desk and whether it is on. One that is switched on begins anew: what is pending is
// sent at once.
func (s *Store) ChangeWebhook(ctx context.Context, w Webhook) (Webhook, error) {
	if !properUUID(w.ID) {
		return Webhook{}, notFound("there is no webhook %q", w.ID)
	}
	err := s.change(ctx, func(tx pgx.Tx) error {
		var on bool
		err := tx.QueryRow(ctx, `select enabled from webhooks where id = $1 for update`, w.ID).Scan(&on)
		if noRows(err) {
			return notFound("there is no webhook %q", w.ID)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update webhooks set url = $2, events = $3, desk = nullif($4, ''), enabled = $5, off_reason = '' where id = $1`, w.ID, clean(w.URL), orEmpty(w.Events), w.Desk, w.Enabled)
		if err != nil || on || !w.Enabled {
			return err
		}
		if _, err = tx.Exec(ctx, `update webhooks set failures = 0, failing_since = null, resting_until = null where id = $1`, w.ID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update hooks set next_at = clock_timestamp() where webhook = $1 and state = 'pending'`, w.ID)
		return err
	})
	if _, state := violated(err); state == foreignKey {
		return Webhook{}, invalid("/desk", "there is no desk %q", w.Desk)
	}
	if err != nil {
		return Webhook{}, fmt.Errorf("change a webhook: %w", err)
	}
	return s.Webhook(ctx, w.ID)
}

// DropWebhook takes one away with all that it was told.
func (s *Store) DropWebhook(ctx context.Context, id string) error {
	if !properUUID(id) {
		return notFound("there is no webhook %q", id)
	}
	if err := s.changeRow(ctx, notFound("there is no webhook %q", id), `delete from webhooks where id = $1`, id); err != nil {
		return fmt.Errorf("drop a webhook: %w", err)
	}
	return nil
}

// RotateWebhook gives a new secret; the one before stays live until then, and what was before that one no more.
func (s *Store) RotateWebhook(ctx context.Context, id string, secret ticket.Secret, oldUntil time.Time) (Webhook, error) {
	if !properUUID(id) {
		return Webhook{}, notFound("there is no webhook %q", id)
	}
	sealed, err := s.sealer.Seal([]byte(secret.Reveal()), hookContext(id))
	if err != nil {
		return Webhook{}, err
	}
	err = s.changeRow(ctx, notFound("there is no webhook %q", id), `update webhooks set old_secret = secret, old_until = $3, secret = $2 where id = $1`, id, sealed, oldUntil)
	if err != nil {
		return Webhook{}, fmt.Errorf("change the secret of a webhook: %w", err)
	}
	return s.Webhook(ctx, id)
}

// PingWebhook has it told a ping.
func (s *Store) PingWebhook(ctx context.Context, id string) (HookDelivery, error) {
	if w, err := s.Webhook(ctx, id); err != nil {
		return HookDelivery{}, err
	} else if !w.Enabled {
		return HookDelivery{}, conflict("", "the webhook is switched off")
	}
	var hook int64
	err := s.change(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `insert into hooks (webhook, message_id, next_at, created_at) values ($1, $2, clock_timestamp(), clock_timestamp()) returning id`, id, "ping_"+uuid.NewString()).Scan(&hook)
	})
	if err != nil {
		return HookDelivery{}, fmt.Errorf("ping a webhook: %w", err)
	}
	return s.HookDelivery(ctx, id, hook)
}

// Redeliver has something told again: under the same id, after whatever of its ticket was told since.
func (s *Store) Redeliver(ctx context.Context, webhook string, hook int64) (HookDelivery, error) {
	if w, err := s.Webhook(ctx, webhook); err != nil {
		return HookDelivery{}, err
	} else if !w.Enabled {
		return HookDelivery{}, conflict("", "the webhook is switched off")
	}
	if d, err := s.HookDelivery(ctx, webhook, hook); err != nil || d.State == "pending" {
		return d, err
	}
	err := s.changeRow(ctx, nil, `update hooks set state = 'pending', done_at = null, attempts = 0, next_at = clock_timestamp(), created_at = clock_timestamp() where id = $1 and webhook = $2 and state <> 'pending'`, hook, webhook)
	if err != nil {
		return HookDelivery{}, fmt.Errorf("deliver again: %w", err)
	}
	return s.HookDelivery(ctx, webhook, hook)
}

const hookColumns = `h.id, coalesce(h.position, 0), coalesce(h.ticket, 0), coalesce((select 'ticket.' || e.name from feed f join events e on e.id = f.event where f.position = h.position), '` + ticket.TypePing + `'),
	h.message_id, h.state, case when h.state = 'pending' then h.next_at end, h.created_at, h.done_at`

func scanHook(cr pgx.CollectableRow) (d HookDelivery, err error) {
	return d, cr.Scan(&d.ID, &d.Event, &d.Ticket, &d.Type, &d.MessageID, &d.State, &d.NextAt, &d.CreatedAt, &d.DoneAt)
}

// HookDelivery returns one with its attempts; ticket.NotFound where there is none.
func (s *Store) HookDelivery(ctx context.Context, webhook string, hook int64) (HookDelivery, error) {
	list, err := s.hooks(ctx, `h.webhook = $1 and h.id = $2 limit 1`, webhook, hook)
	if err != nil {
		return HookDelivery{}, err
	}
	if len(list) == 0 {
		return HookDelivery{}, notFound("there is no delivery %d of that webhook", hook)
	}
	return list[0], nil
}

// HookDeliveries lists those of a webhook, the newest first, before an id (0: from the newest); state "": all.
func (s *Store) HookDeliveries(ctx context.Context, webhook, state string, before int64, limit int) ([]HookDelivery, error) {
	if _, err := s.Webhook(ctx, webhook); err != nil {
		return nil, err
	}
	return s.hooks(ctx, `h.webhook = $1 and ($2 = 0 or h.id < $2) and ($3 = '' or h.state = $3) order by h.id desc limit $4`, webhook, before, state, limit)
}

func (s *Store) hooks(ctx context.Context, where string, args ...any) ([]HookDelivery, error) {
	if id, ok := args[0].(string); !ok || !properUUID(id) {
		return nil, notFound("there is no such webhook")
	}
	rows, err := s.pool.Query(ctx, `select `+hookColumns+` from hooks h where `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list what a webhook was told: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanHook)
	if err != nil {
		return nil, fmt.Errorf("list what a webhook was told: %w", err)
	}
	byID, ids := map[int64]*HookDelivery{}, []int64{}
	for i := range list {
		byID[list[i].ID] = &list[i]
		ids = append(ids, list[i].ID)
	}
	rows, err = s.pool.Query(ctx, `select hook, at, took, status, error from hook_attempts where hook = any($1) order by hook, no`, ids)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	var hook int64
	var a HookAttempt
	_, err = pgx.ForEachRow(rows, []any{&hook, &a.At, &a.Took, &a.Status, &a.Error}, func() error {
		byID[hook].Attempts = append(byID[hook].Attempts, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	return list, nil
}
