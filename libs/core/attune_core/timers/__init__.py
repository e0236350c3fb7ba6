"""When timers fire: their definitions, the ticks of a definition, and what to do about ticks that were missed."""
