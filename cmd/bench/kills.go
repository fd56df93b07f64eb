package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// How often serve is killed in a line, and how much is under way each time.
const (
	kills       = 20
	mailsAKill  = 15
	answersKill = 10
)

// killed: what twenty deaths of API and worker lose, double or leave empty, in the middle of mail that comes and of mail
// that goes. Chance says when, the same in every run.
func (b *bench) killed(ctx context.Context) ([]row, error) {
	in, err := b.killedReading(ctx)
	if err != nil {
		return nil, err
	}
	out, err := b.killedSending(ctx)
	return []row{in, out}, err
}

// dies lets something begin, kills serve somewhat later, and starts it again; so often as was asked for.
func (b *bench) dies(ctx context.Context, begin func(ctx context.Context, i int) error) error {
	dice := rand.New(rand.NewPCG(1, kills)) //nolint:gosec // a run that can be repeated, no secret
	for i := range b.size(kills) {
		if err := begin(ctx, i); err != nil {
			return err
		}
		if err := pause(ctx, time.Duration(dice.IntN(800))*time.Millisecond); err != nil {
			return err
		}
		b.desk.serve.Signal(os.Kill)
		<-b.desk.serve.Done()
		if err := b.desk.startServe(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) killedReading(ctx context.Context) (row, error) {
	r := row{name: "kill -9 in ingest, 20 times: lost, doubled, empty", unit: "mails", target: target{none: true, words: "0"}}
	var titles []string
	err := b.dies(ctx, func(ctx context.Context, _ int) error {
		titles = append(titles, b.round("Killed"))
		return b.post(ctx, titles[len(titles)-1], mailsAKill)
	})
	if err != nil {
		return r, err
	}
	sent := len(titles) * mailsAKill
	var came, doubled, empty int
	look := func() (bool, error) {
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return false, err
		}
		err := b.desk.pool.QueryRow(ctx, `with came as (
			select t.number, m.mail_id from tickets t left join messages m on m.ticket = t.number and m.by_kind = 'client' where t.title = any($1) and t.revision > 0)
			select count(distinct mail_id), count(mail_id) - count(distinct mail_id), count(*) filter (where mail_id is null) from came`, titles).Scan(&came, &doubled, &empty)
		return came >= sent, err
	}
	if err := until(ctx, 2*time.Minute, "every mail is a ticket", look); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return r, err // what did not come in time is counted
	}
	r.product = []float64{float64(sent - came + doubled + empty)}
	r.note = fmt.Sprintf("of %d mails lost %d, doubled %d; empty tickets %d", sent, sent-came, doubled, empty)
	return r, nil
}

// killedSending judges by the mailboxes of the clients: what is there once was sent once; what is not there must be told
// of as uncertain, and an uncertain mail keeps its Message-ID.
func (b *bench) killedSending(ctx context.Context) (row, error) {
	r := row{name: "kill -9 in sending, 20 times: lost, doubled, untold", unit: "mails", target: target{none: true, words: "0"}}
	numbers, err := b.desk.openTickets(ctx, b.round("sending"), b.size(kills)*answersKill)
	if err != nil {
		return r, err
	}
	began := time.Now()
	var stored atomic.Int64
	err = b.dies(ctx, func(ctx context.Context, i int) error {
		return each(ctx, answersKill, answersKill, func(ctx context.Context, k int) error {
			number := numbers[i*answersKill+k]
			if err := b.desk.order(ctx, number, "agent-response", remark("Please try it again.")); err != nil {
				return err
			}
			stored.Add(1)
			return nil
		})
	})
	if err != nil {
		return r, err
	}
	answers := `from deliveries d where d.ticket = any($1) and d.occasion = 'answer' and d.created_at >= $2`
	var begun, unfinished, nameless int
	err = until(ctx, 5*time.Minute, "every answer is sent or told of", func() (bool, error) {
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return false, err
		}
		err := b.desk.pool.QueryRow(ctx, `select count(*), count(*) filter (where finished_at is null and state <> 'uncertain'), count(*) filter (where mail_id = '') `+answers,
			numbers, began.Add(-time.Minute)).Scan(&begun, &unfinished, &nameless)
		return begun >= int(stored.Load()) && unfinished == 0, err
	})
	if err != nil {
		return r, err
	}
	rows, err := b.desk.pool.Query(ctx, `select mail_id, state `+answers, numbers, began.Add(-time.Minute))
	if err != nil {
		return r, fmt.Errorf("list the answers: %w", err)
	}
	defer rows.Close()
	seen, err := b.desk.delivered()
	if err != nil {
		return r, err
	}
	var lost, doubled, uncertain int
	for rows.Next() {
		var id, state string
		if err := rows.Scan(&id, &state); err != nil {
			return r, fmt.Errorf("list the answers: %w", err)
		}
		switch n := seen[strings.Trim(id, "<>")]; {
		case n > 1:
			doubled++
		case n == 0 && state != "uncertain":
			lost++
		}
		if state == "uncertain" {
			uncertain++
		}
	}
	lost += max(0, int(stored.Load())-begun)
	r.product = []float64{float64(lost + doubled + nameless)}
	r.note = fmt.Sprintf("of %d answers lost %d, sent twice %d; uncertain, and told so with their Message-IDs, %d", stored.Load(), lost, doubled, uncertain)
	return r, rows.Err()
}

// delivered counts the mails in every mailbox of the desk's own mail server, by Message-ID.
func (d *desk) delivered() (map[string]int, error) {
	seen := map[string]int{}
	err := filepath.WalkDir(filepath.Join(d.dir, "mail"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".eml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		letter, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("read %s: %w", entry.Name(), err)
		}
		seen[strings.Trim(letter.Header.Get("Message-Id"), "<>")]++
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look into the mailboxes: %w", err)
	}
	return seen, nil
}
