"""Working papers of a self-assessment: edited by several at once, seen ahead, frozen into one."""
