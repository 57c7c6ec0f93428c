/** A worker of the application's own, which may do other things too. */
import "headstart/slim-worker";
