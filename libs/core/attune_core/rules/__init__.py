"""Does an event concern a rule, and with which parameters does its action run?"""
