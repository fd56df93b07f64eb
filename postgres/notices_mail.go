package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/calendar"
	"duradesk/ticket"
)

// atOneMail bounds what one mail to staff tells.
const atOneMail = 100

// member is a member of staff under his lock: his notices are looked at by one at a time.
type member struct {
	key, email string
	settings   ticket.StaffSettings
	silent     bool // he has left, or his address is one of ours: no mail
	now        time.Time
}

var selectMember = `select a.email, s.agent is not null, coalesce(s.notice_mail, ''), coalesce(s.digest_hour, 0), coalesce(s.quiet_from, ''), coalesce(s.quiet_to, ''), coalesce(s.zone, ''),
	a.language, a.theme, a.keys_off, a.zone, a.disabled_at is not null or ` + oursSQL("a.email") + `, clock_timestamp() from agents a left join agent_settings s on s.agent = a.key where a.key = $1`

func memberOf(ctx context.Context, db queryRower, agent, lock string) (m member, err error) {
	m.key = agent
	var chosen bool
	s := &m.settings
	err = db.QueryRow(ctx, selectMember+lock, agent).Scan(&m.email, &chosen, &s.Mail, &s.DigestHour, &s.QuietFrom, &s.QuietTo, &s.Zone, &s.Language, &s.Theme, &s.KeysOff, &s.ShownIn, &m.silent, &m.now)
	if noRows(err) {
		return m, notFound("there is no agent %q", agent)
	}
	if err != nil {
		return m, fmt.Errorf("read the settings of an agent: %w", err)
	}
	if !chosen {
		own := ticket.DefaultStaffSettings()
		own.Language, own.Theme, own.KeysOff, own.ShownIn = s.Language, s.Theme, s.KeysOff, s.ShownIn
		m.settings = own
	}
	return m, nil
}

// StaffSettings returns how an agent hears of what concerns him.
func (s *Store) StaffSettings(ctx context.Context, agent string) (ticket.StaffSettings, error) {
	m, err := memberOf(ctx, s.pool, agent, "")
	return m.settings, err
}

// SetStaffSettings stores them. What waits to be mailed goes by them from now on. Mail to one of our own mailboxes is
// ticket.Invalid: each would come back as a new ticket (MAIL §3).
func (s *Store) SetStaffSettings(ctx context.Context, agent string, set ticket.StaffSettings) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		m, err := memberOf(ctx, tx, agent, " for no key update of a")
		if err != nil {
			return err
		}
		if m.silent && set.Mail != ticket.NoticeOff {
			return &ticket.Error{Code: ticket.Invalid, Field: "/notice_mail", Key: "notice_to_mailbox", Message: fmt.Sprintf("%s is a mailbox of this desk", m.email)}
		}
		b := &pgx.Batch{}
		b.Queue(`insert into agent_settings (agent, notice_mail, digest_hour, quiet_from, quiet_to, zone) values ($1, $2, $3, $4, $5, $6)
			on conflict (agent) do update set notice_mail = excluded.notice_mail, digest_hour = excluded.digest_hour, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
				zone = excluded.zone, updated_at = clock_timestamp()`, agent, string(set.Mail), set.DigestHour, set.QuietFrom, set.QuietTo, set.Zone)
		b.Queue(`update agents set language = coalesce(nullif($2, ''), language), theme = coalesce(nullif($3, ''), theme), keys_off = $4, zone = $5 where key = $1`,
			agent, set.Language, set.Theme, set.KeysOff, clean(set.ShownIn))
		b.Queue(`update notices set waiting = $2, rung_at = null, due_at = null where agent = $1 and waiting`, agent, set.Mail != ticket.NoticeOff)
		return send(ctx, tx, b)
	})
	if err != nil {
		return fmt.Errorf("store the settings of an agent: %w", err)
	}
	return nil
}

// UntoldNotices lists agents who have notices to be mailed of which their workflow was not told, or has not looked at
// for 15 seconds, or should have mailed 10 minutes ago. What is listed counts as told: a rival does not list it too.
func (q *Queue) UntoldNotices(ctx context.Context, limit int) ([]string, error) {
	var agents []string
	err := q.s.plannedOnce(ctx, func(rows pgx.Rows) (err error) {
		agents, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, `
with due as (
  select id from notices where waiting and (rung_at is null or due_at is null and rung_at < clock_timestamp() - interval '15 seconds'
    or greatest(due_at, rung_at) < clock_timestamp() - interval '10 minutes') order by id limit $1 for update skip locked
), told as (
  update notices n set rung_at = clock_timestamp() from due where n.id = due.id returning n.agent
)
select distinct agent from told`, limit)
	if err != nil {
		return nil, fmt.Errorf("list notices to be mailed: %w", err)
	}
	return agents, nil
}

// UntellNotices takes that back: the workflow could not be told.
func (q *Queue) UntellNotices(ctx context.Context, agent string) error {
	if _, err := q.s.pool.Exec(ctx, `update notices set rung_at = null where agent = $1 and waiting and due_at is null`, agent); err != nil {
		return fmt.Errorf("note untold notices: %w", err)
	}
	return nil
}

// waitingNotice is one that is to be mailed.
type waitingNotice struct {
	id     int64
	number ticket.Number
	at     time.Time
	over   bool // he has read it in the bell, or does not see the ticket any more
	domain string
}

// MailNotices makes one mail of everything that is due for an agent and tells when the next is. Mail and mark are one
// transaction under the agent's lock: whoever looks again finds nothing, and the mail is sent like any other.
func (q *Queue) MailNotices(ctx context.Context, agent string) (ticket.NoticeState, error) {
	var out ticket.NoticeState
	err := q.write(ctx, func(tx pgx.Tx) error {
		out = ticket.NoticeState{}
		m, err := memberOf(ctx, tx, agent, " for no key update of a")
		if err != nil {
			return err
		}
		waiting, err := waitingFor(ctx, tx, agent)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		due, err := m.sort(b, waiting, &out)
		if err != nil {
			return err
		}
		if len(due) > 0 {
			out.Deliveries = []string{q.mailThem(b, m, due)}
		}
		return send(ctx, tx, b)
	})
	if err != nil {
		return ticket.NoticeState{}, fmt.Errorf("mail notices: %w", err)
	}
	q.crash("after_mail_notices")
	return out, nil
}

func waitingFor(ctx context.Context, tx pgx.Tx, agent string) ([]waitingNotice, error) {
	rows, err := tx.Query(ctx, `select n.id, n.ticket, n.at, n.read_at is not null or not (a.role = 'admin' or exists (select from agent_desks d where d.agent = a.key and d.desk = t.desk)), k.address
		from notices n join agents a on a.key = n.agent join tickets t on t.number = n.ticket join desks k on k.key = t.desk
		where n.agent = $1 and n.waiting order by n.id limit $2`, agent, atOneMail)
	if err != nil {
		return nil, fmt.Errorf("list waiting notices: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(found pgx.CollectableRow) (n waitingNotice, err error) {
		var address string
		err = found.Scan(&n.id, &n.number, &n.at, &n.over, &address)
		_, n.domain, _ = strings.Cut(address, "@")
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("list waiting notices: %w", err)
	}
	return list, nil
}

// sort tells what is due from what waits and what is over.
func (m member) sort(b *pgx.Batch, waiting []waitingNotice, out *ticket.NoticeState) (due []waitingNotice, err error) {
	for _, n := range waiting {
		at, ok, err := calendar.MailAt(m.settings, n.at)
		switch {
		case err != nil:
			return nil, err
		case !ok || n.over || m.silent:
			b.Queue(`update notices set waiting = false where id = $1`, n.id)
		case at.After(m.now):
			b.Queue(`update notices set due_at = $2 where id = $1`, n.id, at)
			if out.NextAt.IsZero() || at.Before(out.NextAt) {
				out.NextAt = at
			}
		default:
			due = append(due, n)
		}
	}
	if len(waiting) == atOneMail {
		out.NextAt = m.now // there may be more
	}
	return due, nil
}

// mailThem queues the mail. It leaves through the mailbox of the ticket that was spoken of last.
func (q *Queue) mailThem(b *pgx.Batch, m member, due []waitingNotice) string {
	id, last := uuid.Must(uuid.NewV7()).String(), due[len(due)-1]
	ids := make([]int64, len(due))
	for i, n := range due {
		ids[i] = n.id
	}
	b.Queue(`insert into deliveries (id, ticket, agent, occasion, mail_id, next_at, created_at) values ($1, $2, $3, $4, $5, $6, $6)`,
		id, last.number, m.key, ticket.OccasionNotice, q.mint.MessageID(ticket.OccasionNotice, id, last.domain), m.now)
	b.Queue(`insert into recipients (delivery, address) values ($1, $2)`, id, m.email)
	b.Queue(`update notices set waiting = false, mailed_at = $3, delivery = $2 where id = any($1) and waiting`, ids, id, m.now)
	return id
}

// queueNotices reads what a mail to staff tells, in its reader's language.
func queueNotices(b *pgx.Batch, d delivery, m *ticket.Mail) {
	b.Queue(`select name, language from agents where key = $1`, d.agent).QueryRow(func(found pgx.Row) error { return found.Scan(&m.Agent, &m.Language) })
	b.Queue(`select n.ticket, t.title, n.name, n.audience, n.at from notices n join tickets t on t.number = n.ticket where n.delivery = $1 order by n.id`, d.id).Query(func(rows pgx.Rows) (err error) {
		m.Notices, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.NoticeLine])
		return err
	})
}

// NoticeMailed returns whom one of our mails to staff was for; ticket.NotFound where the delivery is none.
func (q *Queue) NoticeMailed(ctx context.Context, delivery string) (ticket.NoticeMailed, error) {
	var n ticket.NoticeMailed
	var role string
	err := q.s.pool.QueryRow(ctx, `select a.key, a.name, a.email, a.role, t.desk,
			case when (select count(distinct n.ticket) from notices n where n.delivery = d.id) = 1 then d.ticket else 0 end,
			a.disabled_at is null and (a.role = 'admin' or exists (select from agent_desks x where x.agent = a.key and x.desk = t.desk))
		from deliveries d join agents a on a.key = d.agent join tickets t on t.number = d.ticket where d.id = uuid_of($1)`, delivery).
		Scan(&n.Agent, &n.Name, &n.Email, &role, &n.Desk, &n.Number, &n.Sees)
	if noRows(err) {
		return n, notFound("this mail was not to staff")
	}
	if err != nil {
		return n, fmt.Errorf("look for a mail to staff: %w", err)
	}
	return n, n.Role.UnmarshalText([]byte(role))
}
