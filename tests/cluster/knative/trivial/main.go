// What Hanip's functions are measured beside: answers at once, or, with an address in FIRST, after one connection to it.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if first := os.Getenv("FIRST"); first != "" {
		for connect(first) != nil {
			time.Sleep(50 * time.Millisecond)
		}
	}
	answer := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), http.HandlerFunc(answer)))
}

func connect(address string) error {
	connection, err := net.DialTimeout("tcp", address, 50*time.Millisecond)
	if err == nil {
		err = connection.Close()
	}
	return err
}
