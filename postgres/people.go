package postgres

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Person is a member of staff.
type Person struct {
	Key      string
	Name     string
	Email    string
	Role     ticket.Role
	Language string
	Groups   []string
	Desks    []string
	Zone     string     // IANA name; "": that of his machine
	Disabled *time.Time // since then he cannot sign in, and gets no ticket
	Theme    string     // auto, light, dark
	KeysOff  bool       // single keys do nothing
}

const personColumns = `a.key, a.name, a.email, a.role, a.language,
	array(select group_key from agent_groups g where g.agent = a.key order by group_key),
	array(select desk from agent_desks d where d.agent = a.key order by desk), a.zone, a.disabled_at, a.theme, a.keys_off`

func (p *Person) fields(role *string) []any {
	return []any{&p.Key, &p.Name, &p.Email, role, &p.Language, &p.Groups, &p.Desks, &p.Zone, &p.Disabled, &p.Theme, &p.KeysOff}
}

func scanPerson(cr pgx.CollectableRow) (Person, error) {
	var p Person
	var role string
	if err := cr.Scan(p.fields(&role)...); err != nil {
		return Person{}, err
	}
	var err error
	p.Role, err = ticket.ParseRole(role)
	return p, err
}

// Agent returns one by key; ticket.NotFound where there is none.
func (s *Store) Agent(ctx context.Context, key string) (Person, error) {
	return agent(ctx, s.pool, key)
}

// querier is what both a pool and a transaction can do.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func agent(ctx context.Context, q querier, key string) (Person, error) {
	if !readable(key) {
		return Person{}, notFound("there is no agent %q", key)
	}
	rows, err := q.Query(ctx, `select `+personColumns+` from agents a where a.key = $1`, key)
	if err != nil {
		return Person{}, fmt.Errorf("read agent %s: %w", key, err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPerson)
	if noRows(err) {
		return Person{}, notFound("there is no agent %q", key)
	}
	if err != nil {
		return Person{}, fmt.Errorf("read agent %s: %w", key, err)
	}
	return p, nil
}

// Agents returns all, by key.
func (s *Store) Agents(ctx context.Context) ([]Person, error) {
	rows, err := s.pool.Query(ctx, `select `+personColumns+` from agents a order by a.key`)
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	people, err := pgx.CollectRows(rows, scanPerson)
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return people, nil
}

// AddAgent stores a new one; a taken key or address is a ticket.Conflict, an unknown group or desk ticket.Invalid, and
// so is the address of one of our own mailboxes.
// The password's hash is stored as given; "" means that there is none to log in with.
func (s *Store) AddAgent(ctx context.Context, p Person, passwordHash string) (Person, error) {
	if p.Language == "" {
		p.Language = "en"
	}
	if err := checkKey(p.Key); err != nil {
		return Person{}, err
	}
	if p.Role == ticket.NoRole {
		return Person{}, invalid("/role", "an agent needs a role: agent, lead or admin")
	}
	var stored Person
	err := s.change(ctx, func(tx pgx.Tx) error {
		if err := refuseOursLocked(ctx, tx, cleanAddress(p.Email)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into agents (key, name, email, role, language, password_hash, zone) values ($1, $2, $3, $4, $5, nullif($6, ''), $7)`,
			p.Key, clean(p.Name), clean(p.Email), p.Role.String(), clean(p.Language), passwordHash, clean(p.Zone))
		switch constraint, _ := violated(err); constraint {
		case "agents_pkey":
			return conflict("/key", "there is already an agent %q", p.Key)
		case "agents_email":
			return conflict("/email", "there is already an agent with that mail address")
		}
		if err != nil {
			return err
		}
		if err := join(ctx, tx, joinAgentGroups, p.Key, "/groups", "group", p.Groups); err != nil {
			return err
		}
		if err := join(ctx, tx, joinAgentDesks, p.Key, "/desks", "desk", p.Desks); err != nil {
			return err
		}
		stored, err = agent(ctx, tx, p.Key)
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("add agent %s: %w", p.Key, err)
	}
	return stored, nil
}

// Memberships: $1 belongs to each of $2. They return which of $2 there are.
const (
	joinAgentGroups = `with there as (select key from groups where key = any($2)),
		added as (insert into agent_groups (agent, group_key) select $1, key from there on conflict do nothing)
		select key from there`
	joinAgentDesks = `with there as (select key from desks where key = any($2)),
		added as (insert into agent_desks (agent, desk) select $1, key from there on conflict do nothing)
		select key from there`
	joinDeskGroups = `with there as (select key from groups where key = any($2)),
		added as (insert into desk_groups (desk, group_key) select $1, key from there on conflict do nothing)
		select key from there`
	joinGroupAgents = `with there as (select key from agents where key = any($2)),
		added as (insert into agent_groups (agent, group_key) select key, $1 from there on conflict do nothing)
		select key from there`
)

// join makes one thing a member of others; the first that does not exist is named, with its place in the list.
func join(ctx context.Context, tx pgx.Tx, query, one, field, noun string, others []string) error {
	if len(others) == 0 {
		return nil
	}
	for i, key := range others {
		if !readable(key) {
			return invalid(fmt.Sprintf("%s/%d", field, i), "there is no %s %q", noun, key)
		}
	}
	rows, err := tx.Query(ctx, query, one, others)
	if err != nil {
		return err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, key := range there {
		known[key] = true
	}
	for i, key := range others {
		if !known[key] {
			return invalid(fmt.Sprintf("%s/%d", field, i), "there is no %s %q", noun, key)
		}
	}
	return nil
}

var keyPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

func checkKey(key string) error {
	if !keyPattern.MatchString(key) {
		return invalid("/key", "%q cannot be a key: use 1 to 40 of a-z, 0-9, _ and -, a letter first", key)
	}
	return nil
}

// EnsureAdmin makes an admin of that key unless there is one; done twice it changes nothing. An address that belongs
// to another agent is a ticket.Conflict, one of our own mailboxes ticket.Invalid.
func (s *Store) EnsureAdmin(ctx context.Context, key, name, email string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := s.change(ctx, func(tx pgx.Tx) error {
		made, err := tx.Exec(ctx, `insert into agents (key, name, email, role) values ($1, $2, $3, 'admin') on conflict (key) do nothing`, key, clean(name), clean(email))
		if err != nil || made.RowsAffected() == 0 {
			return err
		}
		return refuseOurs(ctx, tx, "/email", cleanAddress(email))
	})
	if constraint, _ := violated(err); constraint == "agents_email" {
		return conflict("/email", "the admin %q cannot be made: another agent has his mail address", key)
	}
	if err != nil {
		return fmt.Errorf("make admin %s: %w", key, err)
	}
	return nil
}
