DELETE FROM public.trails WHERE region IN ('Lapland', 'Alps', 'Iceland', 'Alentejo', 'Highlands', 'Bernese Oberland');
