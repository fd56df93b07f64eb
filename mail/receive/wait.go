package receive

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Wait returns when something may be new in the folder, at the latest after max. It is a hint only: ask from the cursor
// afterwards in any case. An error says that the connection is lost.
func (m *Mailbox) Wait(ctx context.Context, max time.Duration) error {
	if m.takeNews() {
		return nil
	}
	end := time.NewTimer(max)
	defer end.Stop()
	if m.caps.Has(imap.CapIdle) || m.caps.Has(imap.CapIMAP4rev2) {
		return m.idle(ctx, end.C)
	}
	return m.poll(ctx, end.C)
}

func (m *Mailbox) takeNews() bool {
	select {
	case <-m.news:
		return true
	default:
		return false
	}
}

// idle keeps one IDLE open (RFC 2177), renewed before routers forget it. Every renewal is also the proof that the link
// is alive: a server that does not answer DONE within Stall is gone.
func (m *Mailbox) idle(ctx context.Context, end <-chan time.Time) error {
	for {
		var idling *imapclient.IdleCommand
		err := m.run(ctx, "wait for mail", func() (err error) {
			idling, err = m.client.Idle()
			return err
		})
		if err != nil {
			return err
		}
		news, over := m.idleOnce(ctx, end)
		if ctx.Err() != nil { // the client is blocked by its IDLE: there is no way back but to hang up
			_ = m.conn.Close()
			_ = idling.Close()
			return wrap(ctx, "wait for mail", ctx.Err())
		}
		err = m.run(ctx, "wait for mail", func() error {
			if err := idling.Close(); err != nil {
				return err
			}
			return idling.Wait()
		})
		if err != nil || news || over {
			return err
		}
	}
}

func (m *Mailbox) idleOnce(ctx context.Context, end <-chan time.Time) (news, over bool) {
	renew := time.NewTimer(m.config.IdleAtMost)
	defer renew.Stop()
	select {
	case <-m.news:
		return true, false
	case <-end:
		return false, true
	case <-renew.C:
	case <-ctx.Done():
	case <-m.client.Closed():
	}
	return false, false
}

// poll asks with NOOP where IDLE is missing.
func (m *Mailbox) poll(ctx context.Context, end <-chan time.Time) error {
	tick := time.NewTicker(m.config.Poll)
	defer tick.Stop()
	for {
		if err := m.run(ctx, "ask for mail", func() error { return m.client.Noop().Wait() }); err != nil {
			return err
		}
		if m.takeNews() {
			return nil
		}
		select {
		case <-tick.C:
		case <-end:
			return nil
		case <-ctx.Done():
			return wrap(ctx, "ask for mail", ctx.Err())
		}
	}
}
