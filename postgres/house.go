package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

// Desk is a service: who answers, under which address, how, and by which settings new tickets are opened.
type Desk struct {
	Key, Name, Kind, Address string
	Process                  string // name of the table that it works by; "": as its kind
	Groups                   []string
	Manner                   ticket.Manner
	Settings                 ticket.Settings // the newest version of its policy
	Revision                 int64           // rises with each change
}

// Group is a set of agents who share a queue.
type Group struct {
	Key, Name string
	Members   []string
}

const selectDesks = `select d.key, d.name, d.kind, d.address, d.process,
		array(select group_key from desk_groups g where g.desk = d.key order by group_key), d.manner, p.settings, d.revision
	from desks d join policies p on p.desk = d.key and p.version = d.policy`

func scanDesk(cr pgx.CollectableRow) (d Desk, err error) {
	d.Manner = ticket.DefaultManner() // what the row leaves out stays so
	return d, cr.Scan(&d.Key, &d.Name, &d.Kind, &d.Address, &d.Process, &d.Groups, &d.Manner, &d.Settings, &d.Revision)
}

// Desks returns all, by key.
func (s *Store) Desks(ctx context.Context) ([]Desk, error) {
	rows, err := s.pool.Query(ctx, selectDesks+` order by d.key`)
	if err != nil {
		return nil, fmt.Errorf("list desks: %w", err)
	}
	desks, err := pgx.CollectRows(rows, scanDesk)
	if err != nil {
		return nil, fmt.Errorf("list desks: %w", err)
	}
	return desks, nil
}

// Desk returns one by key; ticket.NotFound where there is none.
func (s *Store) Desk(ctx context.Context, key string) (Desk, error) {
	return deskOf(ctx, s.pool, key, "")
}

func deskOf(ctx context.Context, db querier, key, lock string) (Desk, error) {
	if !readable(key) {
		return Desk{}, notFound("there is no desk %q", key)
	}
	rows, err := db.Query(ctx, selectDesks+` where d.key = $1 `+lock, key)
	if err != nil {
		return Desk{}, fmt.Errorf("read desk %s: %w", key, err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDesk)
	if noRows(err) {
		return Desk{}, notFound("there is no desk %q", key)
	}
	if err != nil {
		return Desk{}, fmt.Errorf("read desk %s: %w", key, err)
	}
	return d, nil
}

// AddDesk makes a desk with the default settings as the first version of its policy; a taken key is a ticket.Conflict,
// an unknown group or kind ticket.Invalid, and so is an agent's or a client's address.
func (s *Store) AddDesk(ctx context.Context, d Desk) (Desk, error) {
	if err := checkKey(d.Key); err != nil {
		return Desk{}, err
	}
	d, err := d.whole()
	if err != nil {
		return Desk{}, err
	}
	err = s.change(ctx, func(tx pgx.Tx) error {
		made, err := insertDesk(ctx, tx, d)
		if err != nil {
			return err
		}
		if !made {
			return conflict("/key", "there is already a desk %q", d.Key)
		}
		return join(ctx, tx, joinDeskGroups, d.Key, "/groups", "group", d.Groups)
	})
	if err != nil {
		return Desk{}, fmt.Errorf("add desk %s: %w", d.Key, err)
	}
	return d, nil
}

// whole fills in what was left out of a desk, and refuses what cannot be.
func (d Desk) whole() (Desk, error) {
	d.Address = FoldAddress(clean(d.Address))
	d.Name = clean(d.Name)
	if d.Kind == "" {
		d.Kind = "inquiry"
	}
	if d.Kind != "inquiry" && d.Kind != "issue" {
		return Desk{}, invalid("/kind", "%q is not a kind of desk; use inquiry or issue", d.Kind)
	}
	if d.Process == "" {
		d.Process = d.Kind
	}
	if _, known := lifecycle.ByName(d.Process); !known {
		return Desk{}, invalid("/process", "%q is not a process; use inquiry, issue or incident", d.Process)
	}
	if d.Manner.Layout == "" { // nobody said anything
		d.Manner = ticket.DefaultManner()
	}
	if d.Settings.Version == 0 {
		d.Settings = ticket.DefaultSettings()
	}
	d.Revision = max(d.Revision, 1)
	return d, nil
}

// insertDesk makes the desk with its policy unless it is there.
func insertDesk(ctx context.Context, tx pgx.Tx, d Desk) (made bool, err error) {
	if d, err = d.whole(); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, lockAddresses); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `insert into desks (key, name, kind, address, policy, process, manner) values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing`,
		d.Key, d.Name, d.Kind, d.Address, d.Settings.Version, d.Process, d.Manner)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	if err := refuseTheirs(ctx, tx, d.Address); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `insert into policies (desk, version, settings) values ($1, $2, $3)`, d.Key, d.Settings.Version, d.Settings)
	return err == nil, err
}

// Groups returns all, by key.
func (s *Store) Groups(ctx context.Context) ([]Group, error) {
	rows, err := s.pool.Query(ctx, `select g.key, g.name, array(select agent from agent_groups m where m.group_key = g.key order by agent) from groups g order by g.key`)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	groups, err := pgx.CollectRows(rows, func(cr pgx.CollectableRow) (g Group, err error) {
		return g, cr.Scan(&g.Key, &g.Name, &g.Members)
	})
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	return groups, nil
}

// AddGroup makes a group; a taken key is a ticket.Conflict, an unknown member ticket.Invalid.
func (s *Store) AddGroup(ctx context.Context, g Group) (Group, error) {
	if err := checkKey(g.Key); err != nil {
		return Group{}, err
	}
	err := s.change(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into groups (key, name) values ($1, $2) on conflict (key) do nothing`, g.Key, clean(g.Name))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return conflict("/key", "there is already a group %q", g.Key)
		}
		return join(ctx, tx, joinGroupAgents, g.Key, "/members", "agent", g.Members)
	})
	if err != nil {
		return Group{}, fmt.Errorf("add group %s: %w", g.Key, err)
	}
	return g, nil
}

// FirstDesk is the desk that a new installation begins with.
type FirstDesk struct {
	Key, Name, Address, Group    string
	Admin                        string // who joins it; "": every admin
	IMAPAddr, SMTPAddr, Username string
	Password                     ticket.Secret
	FromStart, Subaddress        bool          // of its mailbox
	Calendar                     calendar.Spec // what its targets count; the zero value: round the clock
}

// EnsureFirstDesk makes the desk with its policy, its group, the admins' membership and its mailbox. What is there
// stays; only the doors and the login of the mailbox follow f, its cursor does not move.
func (s *Store) EnsureFirstDesk(ctx context.Context, f FirstDesk) error {
	for _, key := range []string{f.Key, f.Group} {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('duradesk: first desk', 0))`); err != nil {
			return err
		}
		settings := ticket.DefaultSettings()
		settings.Calendar = f.Calendar.Key
		made, err := insertDesk(ctx, tx, Desk{Key: f.Key, Name: f.Name, Kind: "inquiry", Address: f.Address, Settings: settings})
		if err != nil {
			return err
		}
		if made && f.Calendar.Key != "" {
			if _, err := tx.Exec(ctx, `insert into calendars (key, version, spec) values ($1, $2, $3) on conflict do nothing`, f.Calendar.Key, f.Calendar.Version, f.Calendar); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `insert into groups (key, name) values ($1, $2) on conflict do nothing`, f.Group, f.Name); err != nil {
			return err
		}
		if err := join(ctx, tx, joinDeskGroups, f.Key, "/groups", "group", []string{f.Group}); err != nil {
			return err
		}
		if err := admit(ctx, tx, f); err != nil {
			return err
		}
		_, err = s.saveAccount(ctx, tx, Account{
			Desk: f.Key, Address: f.Address, IMAPAddr: f.IMAPAddr, SMTPAddr: f.SMTPAddr, Username: f.Username, Password: f.Password,
			FromStart: f.FromStart, Subaddress: f.Subaddress, Enabled: true,
		}, moveAccount)
		return err
	})
	if err != nil {
		return fmt.Errorf("make the first desk %s: %w", f.Key, err)
	}
	return nil
}

func admit(ctx context.Context, tx pgx.Tx, f FirstDesk) error {
	rows, err := tx.Query(ctx, `select key from agents where role = 'admin' and ($1 = '' or key = $1) order by key`, f.Admin)
	if err != nil {
		return err
	}
	admins, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(admins) == 0 {
		return invalid("", "there is no admin %q who could join the desk: make him first", f.Admin)
	}
	for _, admin := range admins {
		if err := join(ctx, tx, joinAgentGroups, admin, "/groups", "group", []string{f.Group}); err != nil {
			return err
		}
		if err := join(ctx, tx, joinAgentDesks, admin, "/desks", "desk", []string{f.Key}); err != nil {
			return err
		}
	}
	return nil
}
