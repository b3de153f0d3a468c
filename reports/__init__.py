"""The reports room: filing, queries, export, the public view, parcel cards, evidence, and the workflow until
a report becomes a case.

``filing`` takes a :class:`~reports.filing.Submission`, has it judged (``verdict``) and stores both;
``evidence`` stores files and compares photos with their report; ``workflow`` assigns reports and changes
their states. Functions take a database session, whose row security decides what they see and change, and
plain values. They know no HTTP request and no page. Whatever changes a report appends a step to the journal
in the same transaction.
"""
