package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// arrive lets the clients write, call and come through the portal, when their hour comes.
func (d *day) arrive(ctx context.Context) error {
	total := 0
	for _, share := range arrivals {
		total += share
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(64)
	n := int(dayTickets * d.part)
	for h, share := range arrivals {
		count := n * share / total
		for i := range count {
			at := d.began.Add((time.Duration(h)*time.Hour + time.Duration(i)*time.Hour/time.Duration(count)) / d.speed)
			if !sleepUntil(ctx, at) {
				return d.outcome(group.Wait())
			}
			s := d.invent(h, i)
			group.Go(func() error { return d.open(ctx, s) })
		}
	}
	return d.outcome(group.Wait())
}

// outcome forgives what midnight broke off.
func (d *day) outcome(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || time.Since(d.began) >= d.length() {
		return nil
	}
	return err
}

// invent makes a client with a wish: four of five write mails, the others call or come through the portal; each writes
// as many letters more as make 12,000 mails of the day.
func (d *day) invent(h, i int) *story {
	s := &story{email: fmt.Sprintf("client-%02d-%d@client.example", h, i), name: fmt.Sprintf("Client %d.%d", h, i), channel: "mail", japanese: d.dice.float() < 0.5}
	s.title = fmt.Sprintf("The printer of room %d-%d", h, i)
	if s.japanese {
		s.title = fmt.Sprintf("会議室%d-%dのプリンターについて", h, i)
	}
	switch f := d.dice.float(); {
	case f < 0.08:
		s.channel = "phone"
	case f < 0.2:
		s.channel = "portal"
	}
	const more = dayMails - dayTickets*8/10
	for s.replies < 6 && d.dice.float() < float64(more)/float64(more+dayTickets) {
		s.replies++
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stories[s.title] = s
	d.hours[h].opened++
	return s
}

func (s *story) words() string {
	if s.japanese {
		return "いつもお世話になっております。今朝から印刷できません。ご確認をお願いいたします。"
	}
	return "Good morning, it has not printed since this morning. Could you have a look, please?"
}

func (d *day) open(ctx context.Context, s *story) error {
	d.mu.Lock()
	s.handed = time.Now()
	d.mu.Unlock()
	if s.channel == "mail" {
		return d.write(s, s.title)
	}
	channel := s.channel
	if channel == "portal" { // which clients reach by links of their own; the desk takes it down as any other product would
		channel = "external"
	}
	// Clients do not wait for each other: what is stored is enough.
	return d.desk.send(ctx, d.desk.settings["DURADESK_BOOTSTRAP_TOKEN"], notWaiting, "POST", "/tickets", object{
		"desk": "support", "client": object{"name": s.name, "email": s.email}, "channel": channel, "title": s.title, "message": object{"body": s.words()},
	}, nil)
}

func (d *day) write(s *story, subject string) error {
	if err := d.desk.post(s.email, s.name, subject, s.words()); err != nil {
		return err
	}
	h := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent++
	d.hours[h].mails++
	return nil
}

// read follows the log of events, as another product would, and puts each ticket whose client wrote before the agents.
func (d *day) read(ctx context.Context) error {
	var after int64
	for ctx.Err() == nil {
		var page struct {
			Items []struct {
				Type   string
				Ticket struct {
					Number int64
					Title  string
				}
				Data struct {
					Kind string
					By   struct{ Kind string }
				}
			}
			Next int64 `json:"next_after"`
			More bool
		}
		if err := d.desk.call(ctx, "GET", fmt.Sprintf("/events?after=%d&limit=200", after), nil, &page); err != nil {
			return d.outcome(err)
		}
		for _, e := range page.Items {
			if e.Data.Kind == "message" && e.Data.By.Kind == "client" {
				d.seen(e.Ticket.Title)
				d.work <- job{number: e.Ticket.Number, title: e.Ticket.Title}
			}
		}
		if after = page.Next; !page.More && !sleepUntil(ctx, time.Now().Add(50*time.Millisecond)) {
			break
		}
	}
	return nil
}

// seen notes how long the first letter of a ticket took until others could know of it.
func (d *day) seen(title string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.stories[title]; s != nil && !s.handed.IsZero() {
		if s.channel == "mail" {
			h := &d.hours[d.hourOf(s.handed)]
			h.shown = append(h.shown, time.Since(s.handed).Seconds())
		}
		s.handed = time.Time{}
	}
}

// agent works while it is his hour: takes who waits longest, reads, answers.
func (d *day) agent(ctx context.Context, i int, token string) error {
	for {
		if i*100 >= onDuty[d.now()]*dayAgents {
			if !sleepUntil(ctx, time.Now().Add(time.Minute/d.speed)) {
				return nil
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case j := <-d.work:
			if !sleepUntil(ctx, time.Now().Add(d.dice.about(6*time.Minute)/d.speed)) {
				return nil
			}
			if err := d.answer(ctx, token, j); err != nil {
				return d.outcome(err)
			}
		}
	}
}

// answer does what the client's story asks for: an answer or a question while he has more to write, then the solution.
func (d *day) answer(ctx context.Context, token string, j job) error {
	d.mu.Lock()
	s := d.stories[j.title]
	more := s != nil && s.replies > 0
	if more {
		s.replies--
	}
	d.mu.Unlock()
	name, body := "resolve", object{"message": object{"body": "It prints again. 印刷できるようになりました。"}}
	if more {
		name, body = "agent-response", object{"message": object{"body": "Could you send us the number on its back? 背面の番号をお知らせください。"}}
		if d.dice.float() < 0.3 {
			name, body = "hold", object{"hold": object{"reason": "client"}, "message": body["message"]}
		}
	}
	start, h := time.Now(), d.now()
	if err := d.desk.callAs(ctx, token, "POST", fmt.Sprintf("/tickets/%d/%s", j.number, name), body, nil); err != nil {
		return err
	}
	d.mu.Lock()
	d.hours[h].actions++
	d.hours[h].took = append(d.hours[h].took, milliseconds(time.Since(start)))
	d.mu.Unlock()
	if !more {
		return nil
	}
	at := time.Now().Add(d.dice.about(40*time.Minute) / d.speed)
	if at.Sub(d.began) >= d.length() {
		d.mu.Lock()
		d.lost++
		d.mu.Unlock()
		return nil
	}
	time.AfterFunc(time.Until(at), func() {
		if err := d.write(s, fmt.Sprintf("Re: [#%d] %s", j.number, s.title)); err != nil {
			d.say("a client's letter could not be handed over: %v", err)
		}
	})
	return nil
}

// sleepUntil tells whether that instant came before the end.
func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
