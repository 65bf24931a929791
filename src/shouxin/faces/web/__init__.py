"""Pages: the customer's page, log-in for staff, the case page.

Here: forms to calls, answers to pages, words of screens (gettext, English ids), and the tries of second factors. Not
here: any rule about people or cases. Start at `customer.answer_page`, `cases.case_page`, `staff.staff_page`.
"""
