package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

// calendars keeps those that were read: a version of a calendar never changes.
type calendars struct{ known sync.Map }

type calendarID struct {
	key     string
	version int
}

type oneRow interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// calendar returns a version of a calendar; "" is open around the clock.
func (s *Store) calendar(ctx context.Context, db oneRow, key string, version int) (calendar.Calendar, error) {
	if key == "" {
		return calendar.Calendar{}, nil
	}
	id := calendarID{key, version}
	if found, ok := s.calendars.known.Load(id); ok {
		return found.(calendar.Calendar), nil
	}
	var spec calendar.Spec
	err := db.QueryRow(ctx, `select spec from calendars where key = $1 and version = $2`, key, version).Scan(&spec)
	if noRows(err) {
		return calendar.Calendar{}, fmt.Errorf("calendar %q has no version %d", key, version)
	}
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("read calendar %q: %w", key, err)
	}
	c, err := calendar.New(spec)
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("calendar %q version %d: %w", key, version, err)
	}
	s.calendars.known.Store(id, c)
	return c, nil
}

// policy joins settings with the calendar that they name, in the version that is pinned to the ticket.
func (s *Store) policy(ctx context.Context, db oneRow, settings ticket.Settings, version int) (lifecycle.Policy, error) {
	c, err := s.calendar(ctx, db, settings.Calendar, version)
	return lifecycle.Policy{Settings: settings, Calendar: c}, err
}

// AddCalendar stores a new version of a calendar and returns it. Tickets keep the version that they were opened under.
func (s *Store) AddCalendar(ctx context.Context, spec calendar.Spec) (calendar.Spec, error) {
	if _, err := calendar.New(spec); err != nil {
		return spec, invalid("", "%s", err)
	}
	err := s.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('calendar ' || $1, 0))`, spec.Key); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select coalesce(max(version), 0) + 1 from calendars where key = $1`, spec.Key).Scan(&spec.Version); err != nil {
			return err
		}
		raw, err := json.Marshal(spec)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into calendars (key, version, spec) values ($1, $2, $3)`, spec.Key, spec.Version, raw)
		return err
	})
	if err != nil {
		return spec, fmt.Errorf("store calendar: %w", err)
	}
	return spec, nil
}

// Calendars returns the newest version of each, by key.
func (s *Store) Calendars(ctx context.Context) ([]calendar.Spec, error) {
	rows, err := s.pool.Query(ctx, `select distinct on (key) spec from calendars order by key, version desc`)
	if err != nil {
		return nil, fmt.Errorf("list calendars: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[calendar.Spec])
	if err != nil {
		return nil, fmt.Errorf("list calendars: %w", err)
	}
	return list, nil
}

// AddPolicy stores a new version of a desk's settings, which new tickets are opened under.
func (s *Store) AddPolicy(ctx context.Context, desk string, settings ticket.Settings) (ticket.Settings, error) {
	err := s.change(ctx, func(tx pgx.Tx) error { return addPolicy(ctx, tx, desk, &settings) })
	return settings, err
}

func addPolicy(ctx context.Context, tx pgx.Tx, desk string, settings *ticket.Settings) error {
	err := tx.QueryRow(ctx, `update desks set policy = (select max(version) + 1 from policies where desk = $1), revision = revision + 1 where key = $1 returning policy`, desk).Scan(&settings.Version)
	if noRows(err) {
		return notFound("there is no desk %q", desk)
	}
	if err != nil {
		return fmt.Errorf("draw a version: %w", err)
	}
	if settings.Calendar != "" {
		var exists bool
		if err := tx.QueryRow(ctx, `select exists (select from calendars where key = $1)`, settings.Calendar).Scan(&exists); err != nil {
			return fmt.Errorf("look for the calendar: %w", err)
		}
		if !exists {
			return invalid("/calendar", "there is no calendar %q", settings.Calendar)
		}
	}
	if _, err = tx.Exec(ctx, `insert into policies (desk, version, settings) values ($1, $2, $3)`, desk, settings.Version, settings); err != nil {
		return fmt.Errorf("store a policy: %w", err)
	}
	return nil
}

// Policy returns the settings that new tickets of a desk are opened under.
func (s *Store) Policy(ctx context.Context, desk string) (ticket.Settings, error) {
	var settings ticket.Settings
	err := s.pool.QueryRow(ctx, `select p.settings from desks d join policies p on p.desk = d.key and p.version = d.policy where d.key = $1`, desk).Scan(&settings)
	if noRows(err) {
		return settings, notFound("there is no desk %q", desk)
	}
	if err != nil {
		return settings, fmt.Errorf("read settings: %w", err)
	}
	return settings, nil
}
